package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) project() *cobra.Command {
	return group("project", "Projects: funded AI efforts", "  autonet project ls", a.projectCreate(), a.projectList(), a.projectShow(), a.projectFund(), a.projectPrice(),
		a.projectStep("refund", "Take back what you paid into a project that missed its goal"),
		a.projectStep("withdraw", "Take your tokens' share of the revenue so far"),
		a.projectStep("mature", "As the owner: end training, so that versions can be deployed"),
		a.projectStep("pause", "As the owner: take no tasks and orders for now"),
		a.projectStep("resume", "As the owner: go on after a pause"),
		a.projectDeploy())
}

func (a *app) projectCreate() *cobra.Command {
	var req types.CreateProjectRequest
	var goal, fund string
	c := &cobra.Command{
		Use: "create NAME", Short: "Found a project",
		Example: "  autonet project create digits --fund 5000", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req.Name = args[0]
			if req.GoalNatn, err = parseATN("--goal", goal); err != nil {
				return err
			}
			if req.FundNatn, err = parseATN("--fund", fund); err != nil {
				return err
			}
			return a.node(func(c *client.Client) error {
				p, err := c.CreateProject(cmd.Context(), req)
				if err != nil {
					return err
				}
				return a.show(p, func(t *page) { t.line("project %s (%s): %s", p.ID, p.Name, p.State) })
			})
		},
	}
	c.Flags().StringVar(&req.Model, "model", "", "kind of model; simplenet by default")
	c.Flags().StringVar(&goal, "goal", "0", "funding goal in ATN; what --fund puts in by default")
	c.Flags().StringVar(&fund, "fund", "0", "what the founder puts in at once, in ATN")
	return c
}

func (a *app) projectList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "All projects",
		Example: "  autonet project ls\n  autonet project ls --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				list, err := c.Projects(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Projects{Projects: list}, func(p *page) {
					if len(list) == 0 {
						p.line("No projects. Found one with: autonet project create NAME")
						return
					}
					p.row("PROJECT", "NAME", "STATE", "BUDGET", "TASKS", "VERSION", "MODEL")
					for _, x := range list {
						version, cid := "-", "-"
						if n := len(x.Versions); n > 0 {
							version, cid = fmt.Sprint(x.Versions[n-1].Version), x.Versions[n-1].CID
						}
						p.row(x.ID, x.Name, x.State, types.ATN(x.BudgetNatn), x.Tasks, version, cid)
					}
				})
			})
		},
	}
}

func (a *app) task() *cobra.Command {
	return group("task", "Tasks: training jobs and how they end", "  autonet task ls\n  autonet task show 5f0c…",
		a.taskPropose(), a.taskList(), a.taskShow())
}

func (a *app) taskPropose() *cobra.Command {
	var req types.ProposeTaskRequest
	c := &cobra.Command{
		Use: "propose", Short: "Propose a training task, paid from a project's budget",
		Example: "  autonet task propose --model simplenet --steps 200 --slots 3", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				t, err := c.ProposeTask(cmd.Context(), req)
				if err != nil {
					return err
				}
				return a.show(t, func(p *page) {
					p.line("task %s in block %d, %s in escrow. Follow it with: autonet task show %s", t.Task, t.Height, types.ATN(t.EscrowNatn), t.Task)
				})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&req.Project, "project", "", "project; the only one of this node by default")
	f.StringVar(&req.Model, "model", "", "simplenet for a fresh model; the project's latest by default")
	f.StringVar(&req.Data, "data", "", "folder with IDX files; the embedded subset by default")
	f.StringVar(&req.Seed, "seed", "", "32 bytes in hex; random by default")
	f.Uint32Var(&req.Steps, "steps", 0, "training steps per solver; 0 = default, as below")
	f.Uint32Var(&req.Interval, "interval", 0, "steps between checkpoints")
	f.Uint32Var(&req.Batch, "batch", 0, "images per step")
	f.Uint32Var(&req.Slots, "slots", 0, "solvers wanted")
	f.Uint32Var(&req.Replay, "replay", 0, "intervals replayed per solution and committee member")
	return c
}

func (a *app) taskList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "All tasks, newest first",
		Example: "  autonet task ls\n  autonet task ls --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				list, err := c.Tasks(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Tasks{Tasks: list}, func(p *page) {
					if len(list) == 0 {
						p.line("No tasks. Propose one with: autonet task propose")
						return
					}
					p.row("TASK", "STATE", "LEFT", "SOLVERS", "ACCEPTED", "STEPS", "ESCROW")
					for _, t := range list {
						p.row(t.ID, phase(t), types.Span(t.DeadlineLeftMS), fmt.Sprintf("%d/%d", len(t.Solutions), t.Slots), t.Accepted, t.Steps, types.ATN(t.EscrowNatn))
					}
				})
			})
		},
	}
}

func phase(t types.Task) string {
	if t.Phase == "" {
		return t.State
	}
	return t.State + "/" + t.Phase
}

func (a *app) taskShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TASK", Short: "One task: solutions, votes, disputes and result",
		Example: "  autonet task show 5f0c…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				t, err := c.Task(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.show(t, func(p *page) { taskText(p, t) })
			})
		},
	}
}

func taskText(p *page, t types.Task) {
	p.row("task", t.ID)
	p.row("project", t.Project)
	p.row("state", phase(t)+map[bool]string{true: ": " + t.Reason}[t.Reason != ""])
	p.row("left", types.Span(t.DeadlineLeftMS))
	p.row("proposer", t.Proposer)
	p.row("base model", t.Model)
	p.row("spec", fmt.Sprintf("%s: %d steps of %d, checkpoint every %d", t.Spec, t.Steps, t.Batch, t.Interval))
	p.row("committee", list(t.Committee))
	p.row("escrow", types.ATN(t.EscrowNatn))
	if t.Result != nil {
		p.row("result", fmt.Sprintf("version %d, %s", t.Result.Version, t.Result.CID))
	}
	if len(t.Solutions) > 0 {
		p.line("\nSolutions")
		for _, s := range t.Solutions {
			p.row("  "+s.Account, s.State, fmt.Sprintf("step %d", s.Step), "score "+score(s.Score), s.Reason)
		}
	}
	if len(t.Votes) > 0 {
		p.line("\nVotes")
		for _, v := range t.Votes {
			p.row("  "+v.Account, "committed "+yes(v.Committed), "revealed "+yes(v.Revealed))
			for _, e := range v.Entries {
				p.row("    on "+types.Short(e.Solver), "score "+score(e.Score), fmt.Sprintf("%d of %d correct", e.Correct, e.Total), e.Fault, e.Note)
			}
		}
	}
	if len(t.Disputes) > 0 {
		p.line("\nDisputes")
		for _, d := range t.Disputes {
			p.row("  "+d.Challenger, "against "+types.Short(d.Solver), fmt.Sprintf("interval %d, step %d", d.Interval, d.Step), d.State)
		}
	}
}

func (a *app) infer() *cobra.Command {
	var input string
	c := &cobra.Command{
		Use: "infer MODEL", Short: "Classify images with a project's latest model, or with a model's CID",
		Example: "  autonet infer 5f0c… --input digit.png\n  autonet infer bafy… --input digits.raw --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" {
				return types.NewError(types.CodeUsage, "infer", "nothing to classify", "name a file with --input FILE")
			}
			images, err := readImages(input)
			if err != nil {
				return err
			}
			return a.node(func(c *client.Client) error {
				r, err := c.Infer(cmd.Context(), types.InferRequest{Model: args[0], Images: images})
				if err != nil {
					return err
				}
				return a.show(r, func(p *page) {
					for _, class := range r.Classes {
						p.line("%d", class)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&input, "input", "", "a 28 x 28 PNG, or raw bytes of 784 per image (required)")
	return c
}

const (
	side      = 28
	maxImages = 1024
)

// readImages reads one PNG or a file of raw images.
func readImages(path string) ([][]byte, error) {
	bad := func(why string) error {
		return types.NewError(types.CodeUsage, "cannot use "+path, why, "give a 28 x 28 PNG, or raw bytes of 784 per image, at most 1024")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bad(reason(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, side*side*maxImages+1))
	if err != nil {
		return nil, bad(reason(err))
	}
	if bytes.HasPrefix(raw, []byte("\x89PNG")) {
		return readPNG(raw, bad)
	}
	if len(raw) == 0 || len(raw)%(side*side) != 0 || len(raw) > side*side*maxImages {
		return nil, bad(fmt.Sprintf("its length of %d bytes is not that of images", len(raw)))
	}
	var images [][]byte
	for i := 0; i < len(raw); i += side * side {
		images = append(images, raw[i:i+side*side])
	}
	return images, nil
}

func readPNG(raw []byte, bad func(string) error) ([][]byte, error) {
	size, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, bad(err.Error())
	}
	if size.Width != side || size.Height != side {
		return nil, bad(fmt.Sprintf("it is %d x %d", size.Width, size.Height))
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, bad(err.Error())
	}
	return [][]byte{gray(img)}, nil
}

func gray(img image.Image) []byte {
	out := make([]byte, 0, side*side)
	for y := range side {
		for x := range side {
			g, _ := color.GrayModel.Convert(img.At(img.Bounds().Min.X+x, img.Bounds().Min.Y+y)).(color.Gray)
			out = append(out, g.Y)
		}
	}
	return out
}
