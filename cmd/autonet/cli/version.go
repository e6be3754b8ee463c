package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionInfo is what `autonet version --json` prints.
type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Version of this binary",
		Example: "  autonet version\n  autonet version --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := a.built()
			return a.show(v, func(p *page) {
				p.line("autonet %s (%s, %s/%s)", a.versionText(), v.Go, v.OS, v.Arch)
			})
		},
	}
}

// built gathers what the build recorded.
func (a *app) built() versionInfo {
	v := versionInfo{Version: a.deps.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		v.Version = or(v.Version, "unknown")
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	v.Version = or(v.Version, info.Main.Version)
	v.Version = or(v.Version, "(devel)")
	return v
}

// versionText is the version in one word.
func (a *app) versionText() string {
	v := a.built()
	if v.Version != "(devel)" || v.Revision == "" {
		return v.Version
	}
	text := "devel-" + v.Revision[:min(12, len(v.Revision))]
	if v.Modified {
		text += "-modified"
	}
	return text
}
