package archtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "autonet"

type pkg struct {
	ImportPath string
	Dir        string
	Export     string
	GoFiles    []string
	Imports    []string
	Deps       []string
	Standard   bool
}

// load lists every package of the module and everything it depends on, with the compiler's export data.
func load(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Imports,Deps,Standard", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	all := map[string]pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all[p.ImportPath] = p
	}
}

func ours(all map[string]pkg) []pkg {
	var out []pkg
	for path, p := range all {
		if strings.HasPrefix(path, module+"/") {
			out = append(out, p)
		}
	}
	return out
}

func short(path string) string { return strings.TrimPrefix(path, module+"/") }

func TestTheArchitectureHolds(t *testing.T) {
	all := load(t)
	require.NotEmpty(t, ours(all))
	for _, p := range ours(all) {
		name := short(p.ImportPath)
		t.Run(name, func(t *testing.T) {
			checkFloor(t, name, p)
			checkCustody(t, name, p)
			checkFiles(t, name, p)
			if pure(name) {
				checkPure(t, all, p)
			}
		})
	}
}

func checkFloor(t *testing.T, name string, p pkg) {
	t.Helper()
	for _, f := range floors() {
		if !fits(name, f.Prefix) {
			continue
		}
		for _, imp := range p.Imports {
			if dep, ok := strings.CutPrefix(imp, module+"/"); ok && !fitsAny(dep, f.Allow) {
				t.Errorf("imports %s: %s", dep, f.Why)
			}
		}
		return
	}
	t.Errorf("no rule covers this package: give it a room in floors()")
}

func checkCustody(t *testing.T, name string, p pkg) {
	t.Helper()
	for _, c := range custodies() {
		for _, imp := range p.Imports {
			if (imp == c.Library || strings.HasPrefix(imp, c.Library+"/")) && !fitsAny(name, c.Owners) {
				t.Errorf("imports %s: %s", imp, c.Why)
			}
		}
	}
	if pure(name) {
		for _, dep := range p.Deps {
			for _, lib := range []string{"github.com/libp2p/", "github.com/cometbft/", "github.com/cosmos/iavl", "github.com/ipfs/boxo"} {
				if strings.HasPrefix(dep, lib) {
					t.Errorf("depends on %s: replicated state stands alone", dep)
				}
			}
		}
	}
}

func checkFiles(t *testing.T, name string, p pkg) {
	t.Helper()
	documented := false
	for _, f := range p.GoFiles {
		raw, err := os.ReadFile(filepath.Join(p.Dir, f))
		require.NoError(t, err)
		lines := bytes.Count(raw, []byte("\n"))
		if lines > 600 {
			t.Errorf("%s has %d lines: nobody can hold that; split it", f, lines)
		}
		if name == "cmd/autonet" && f == "main.go" && lines >= 40 {
			t.Errorf("main.go has %d lines; commands belong to cmd/autonet/cli", lines)
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, raw, parser.ParseComments|parser.PackageClauseOnly)
		require.NoError(t, err)
		if file.Doc != nil {
			documented = true
		}
		if !bytes.Contains(raw, []byte("Code generated")) && bytes.Contains(raw, []byte("\nfunc init()")) {
			t.Errorf("%s has an init function", f)
		}
	}
	if !documented && len(p.GoFiles) > 0 {
		t.Errorf("no package comment: say what it is for, what it promises and what it must not know")
	}
}

// checkPure type-checks the package and walks it: what replicated state computes must not depend on time, chance,
// scheduling, rounding or map order.
func checkPure(t *testing.T, all map[string]pkg, p pkg) {
	t.Helper()
	for _, imp := range p.Imports {
		for _, bad := range bannedInPure() {
			if imp == bad {
				t.Errorf("imports %s: replicated state is deterministic and does no I/O", imp)
			}
		}
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, f := range p.GoFiles {
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, f), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) }
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	_, err := conf.Check(p.ImportPath, set, files, info)
	require.NoError(t, err)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if complaint := impure(info, n); complaint != "" {
				t.Errorf("%s: %s", set.Position(n.Pos()), complaint)
			}
			return true
		})
	}
}

func impure(info *types.Info, n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "starts a goroutine"
	case *ast.SelectStmt:
		return "selects on channels"
	case *ast.RangeStmt:
		if tv, ok := info.Types[n.X]; ok {
			if _, isMap := tv.Type.Underlying().(*types.Map); isMap {
				return "ranges over a map: sort its keys"
			}
		}
	case ast.Expr:
		if tv, ok := info.Types[n]; ok && tv.Type != nil {
			if b, isBasic := tv.Type.Underlying().(*types.Basic); isBasic && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
				return "uses a floating-point number"
			}
		}
		if call, ok := n.(*ast.CallExpr); ok {
			return unsortedKeys(info, call)
		}
	}
	return ""
}

// unsortedKeys finds maps.Keys or maps.Values handed to anything but slices.Sorted.
func unsortedKeys(info *types.Info, call *ast.CallExpr) string {
	if calls(info, call, "slices", "Sorted") {
		return ""
	}
	for _, arg := range call.Args {
		if inner, ok := arg.(*ast.CallExpr); ok && (calls(info, inner, "maps", "Keys") || calls(info, inner, "maps", "Values")) {
			return "takes a map's keys unsorted: use slices.Sorted(maps.Keys(m))"
		}
	}
	return ""
}

func calls(info *types.Info, call *ast.CallExpr, pkg, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj := info.Uses[sel.Sel]
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == pkg && obj.Name() == name
}
