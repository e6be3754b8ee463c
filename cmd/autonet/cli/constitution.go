package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) constitution() *cobra.Command {
	return group("constitution", "Principles, standards and amendments",
		"  autonet constitution show\n  autonet constitution amend --title \"A longer lease\" --set lease_ms=180000\n  autonet constitution sign 5f0c… yes",
		a.constitutionShow(), a.constitutionAmend(), a.constitutionSign(), a.constitutionAmendments(), a.constitutionNotice())
}

type principle struct {
	ID    string `json:"id"`
	Text  string `json:"text"`
	Title string `json:"title"`
}

type standard struct {
	Number  uint16 `json:"number"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	Version uint32 `json:"version"`
}

func (a *app) constitutionShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [JURISDICTION]", Short: "The seven principles and a jurisdiction's standards; the Universal Declaration by default",
		Example: "  autonet constitution show\n  autonet constitution show udhr --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "udhr"
			if len(args) == 1 {
				name = args[0]
			}
			return a.node(func(c *client.Client) error {
				ps, rawPs, err := state[[]principle](cmd, c, "principles")
				if err != nil {
					return err
				}
				ss, rawSs, err := state[[]standard](cmd, c, "standards", name)
				if err != nil {
					return err
				}
				if len(ss) == 0 {
					return types.NewError(types.CodeNotFound, "there is no jurisdiction "+name, "", "list them with: autonet ledger state jurisdictions")
				}
				return a.show(map[string]any{"principles": rawPs, "jurisdiction": name, "standards": rawSs}, func(p *page) {
					p.line("Principles, fixed at the beginning:")
					for _, x := range ps {
						p.row("  "+x.ID, or(x.Text, x.Title))
					}
					p.line("\nStandards of %s:", name)
					for _, x := range ss {
						p.row(fmt.Sprintf("  %d", x.Number), x.Title+": "+x.Text)
					}
				})
			})
		},
	}
}

func (a *app) constitutionAmend() *cobra.Command {
	var title, file, standards, from string
	var sets []string
	c := &cobra.Command{
		Use: "amend", Short: "Propose an amendment: entrenched parameters, or a jurisdiction's standards",
		Long: "It takes 95 % of all governance power. --standards names a JSON file: a list of objects with jurisdiction, number,\n" +
			"title and text.",
		Example: "  autonet constitution amend --title \"A longer lease\" --set lease_ms=180000 --text why.md\n" +
			"  autonet constitution amend --title \"Standards of the reef\" --standards reef.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			msg := fields{"title": title}
			list, err := changes(sets)
			if err != nil {
				return err
			}
			if list != nil {
				msg["changes"] = list
			}
			if standards != "" {
				raw, err := os.ReadFile(standards)
				if err != nil {
					return types.NewError(types.CodeUsage, "--standards", err.Error(), "")
				}
				if !json.Valid(raw) {
					return types.NewError(types.CodeUsage, "--standards", standards+" is no JSON", "write a list of {jurisdiction, number, title, text}")
				}
				msg["standards"] = json.RawMessage(raw)
			}
			if title == "" || len(msg) < 2 {
				return types.NewError(types.CodeUsage, "constitution amend", "an amendment has a --title and --set or --standards", "see: autonet constitution amend --help")
			}
			return a.propose(cmd, from, "constitution/amend", file, title, msg)
		},
	}
	f := c.Flags()
	f.StringVar(&title, "title", "", "title, at most 128 bytes")
	f.StringVar(&file, "text", "", "file with the reasons")
	f.StringSliceVar(&sets, "set", nil, "NAME=NUMBER: change a parameter")
	f.StringVar(&standards, "standards", "", "JSON file with the standards to write")
	fromFlag(c, &from)
	return c
}

func (a *app) constitutionSign() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "sign AMENDMENT yes|no", Short: "Sign an amendment, or against it, once",
		Example: "  autonet constitution sign 5f0c… yes", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("the signature", args[1], "yes", "no"); err != nil {
				return err
			}
			return a.send(cmd, from, "constitution/sign", fields{"amendment": args[0], "support": args[1] == "yes"})
		},
	}
	fromFlag(c, &from)
	return c
}

type amendment struct {
	ID        string          `json:"id"`
	Title     string          `json:"title"`
	State     string          `json:"state"`
	Reason    string          `json:"reason"`
	Yes       uint64          `json:"yes"`
	Power     uint64          `json:"power"`
	Changes   []change        `json:"changes"`
	Standards json.RawMessage `json:"standards"`
}

func (a *app) constitutionAmendments() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "All amendments",
		Example: "  autonet constitution ls", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return read(a, cmd, "amendments", nil, func(p *page, all []amendment) {
				if len(all) == 0 {
					p.line("No amendments.")
					return
				}
				p.row("AMENDMENT", "STATE", "SIGNED", "OF", "TITLE")
				for _, x := range all {
					p.row(x.ID, strings.TrimSuffix(x.State+": "+x.Reason, ": "), types.ATN(x.Yes), types.ATN(x.Power), x.Title)
				}
			})
		},
	}
}

func (a *app) constitutionNotice() *cobra.Command {
	return &cobra.Command{
		Use: "notice ACCOUNT", Short: "Say publicly that an account's power has signed nothing for a year",
		Example: "  autonet constitution notice 12D3Koo…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.send(cmd, "", "constitution/notice", fields{"account": args[0]})
		},
	}
}
