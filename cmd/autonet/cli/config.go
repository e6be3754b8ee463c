package cli

import (
	"fmt"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"autonet/node/api/types"
	"autonet/node/config"
	"autonet/node/home"
)

func (a *app) config() *cobra.Command {
	return group("config", "The node's configuration file", "  autonet config show\n  autonet config check", a.configShow(), a.configCheck())
}

// load reads the home's configuration.
func (a *app) load() (config.Config, error) {
	h := home.At(a.home)
	if !h.Initialised() {
		return config.Config{}, fmt.Errorf("%s: %w", a.home, home.ErrNotInitialised)
	}
	return config.Load(h.Config())
}

func (a *app) configShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "The configuration in force, with every key explained",
		Example: "  autonet config show\n  autonet config show --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			text, err := toml.Marshal(c)
			if err != nil {
				return fmt.Errorf("write the configuration: %w", err)
			}
			if !a.json {
				_, err = a.streams.Out.Write(text)
				return err
			}
			var keys map[string]any
			if err := toml.Unmarshal(text, &keys); err != nil {
				return fmt.Errorf("write the configuration: %w", err)
			}
			return writeJSON(a.streams.Out, keys)
		},
	}
}

func (a *app) configCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Say whether the configuration file is good",
		Example: "  autonet config check", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.load(); err != nil {
				return err
			}
			path := home.At(a.home).Config()
			return a.show(map[string]any{"file": path, "good": true}, func(p *page) { p.line("%s is good", path) })
		},
	}
}

func (a *app) completion() *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print a completion script for bash, zsh, fish or powershell",
		Example:   "  source <(autonet completion bash)\n  autonet completion fish > ~/.config/fish/completions/autonet.fish",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"}, Args: cobra.MatchAll(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), a.streams.Out
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			default:
				return types.NewError(types.CodeUsage, "completion", fmt.Sprintf("%q is no shell this knows", args[0]), "choose bash, zsh, fish or powershell")
			}
		},
	}
}

// openRecord opens a file to append events to.
func openRecord(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, types.NewError(types.CodeUsage, "cannot record there", reason(err), "choose another file with --record")
	}
	return f, nil
}
