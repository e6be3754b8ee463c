package roles_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger/app"
	"autonet/ledger/ledgertest"
	"autonet/ledger/task"
	"autonet/node/roles"
	"autonet/work/codec"
	"autonet/work/dataset"
	"autonet/work/engine"
	"autonet/work/train"
)

func TestSeededSaltsRepeatAndDifferByPurposeTaskAndSeed(t *testing.T) {
	s := roles.NewSalts("7 solver-1")
	require.Equal(t, s.For("vote", "t"), roles.NewSalts("7 solver-1").For("vote", "t"))
	seen := map[[32]byte]bool{}
	for _, salt := range [][32]byte{
		s.For("vote", "t"), s.For("truth", "t"), s.For("vote", "u"), s.For("votet", ""), s.For("", "votet"), roles.NewSalts("7 solver-2").For("vote", "t"),
	} {
		require.False(t, seen[salt])
		seen[salt] = true
	}
	random := roles.NewSalts("")
	once, again := random.For("vote", "t"), random.For("vote", "t")
	require.NotEqual(t, once, again, "without a seed they are random")
}

func solverAt(i, slot int) *roles.Solver {
	return roles.NewSolver(roles.Deps{Ledger: &seat{account: ledgertest.Account(i)}, Slot: slot})
}

func TestASolverAsksForItsSlotFirstAndThenForTheOthers(t *testing.T) {
	got := task.Task{ID: "t", Slots: make([]task.Slot, 5)}
	require.Equal(t, []uint32{3, 4, 0, 1, 2}, solverAt(1, 3).Wishes(got))
	got.Slots[3].Account, got.Slots[0].Account = ledgertest.Account(8), ledgertest.Account(9)
	require.Equal(t, []uint32{4, 1, 2}, solverAt(1, 3).Wishes(got))
	for i := range got.Slots {
		got.Slots[i].Account = ledgertest.Account(20 + i)
	}
	require.Empty(t, solverAt(1, 3).Wishes(got))
}

func TestWithoutAPreferenceSolversSpreadOverTheSlots(t *testing.T) {
	got := task.Task{ID: "t", Slots: make([]task.Slot, 8)}
	first := map[uint32]bool{}
	for i := range 40 {
		for _, slot := range []int{-1, 8} { // the second names a slot that this task has not
			wishes := solverAt(i, slot).Wishes(got)
			require.ElementsMatch(t, []uint32{0, 1, 2, 3, 4, 5, 6, 7}, wishes)
			first[wishes[0]] = true
		}
	}
	require.Len(t, first, 8)
}

func TestForgedHashesFillTheIntervalAndEndAtTheStateHandedIn(t *testing.T) {
	spec := engine.Spec{Steps: 10, Interval: 4}
	end := train.State{Step: 10, Tensors: []train.Tensor{{Name: "w", Shape: []int{1}, Data: []float32{1}}}}
	for interval, n := range []int{4, 4, 2} {
		hashes := roles.InventedHashes(spec, interval, end)
		require.Len(t, hashes, n)
		require.Equal(t, end.Hash(), hashes[n-1])
		require.NotEqual(t, hashes[0], roles.InventedHashes(spec, interval, train.State{})[0])
	}
}

func TestAReplayThatDivergedHasHashesForEveryStep(t *testing.T) {
	mine := [][32]byte{{1}, {2}}
	got := roles.Padded(mine, 4)
	require.Len(t, got, 4)
	require.Equal(t, mine, got[:2])
	require.Equal(t, got[2], got[3])
	require.NotZero(t, got[2])
	require.Equal(t, mine, roles.Padded(mine, 2))
}

func TestTheSaltBehindAnyHeadOfTheChainIsFound(t *testing.T) {
	seed := [32]byte{4}
	c := roles.NewCoordinator(roles.Deps{}, seed)
	for _, shown := range []int{0, 1, roles.SaltChainLength - 1} {
		head := commitreveal.SaltChain(seed, roles.SaltChainLength-shown)
		salt, err := c.Chain(head)
		require.NoError(t, err)
		require.Equal(t, head, sha256.Sum256(salt[:]))
	}
	_, err := c.Chain([32]byte{9})
	require.ErrorContains(t, err, "does not lead to the head")
}

func TestTheScaleOfScoresForgivesChanceAndRewardsProgress(t *testing.T) {
	sets, err := digits()
	require.NoError(t, err)
	sample := sets[1]
	for _, c := range []struct{ correct, total, base, bar uint32 }{
		{correct: 0, total: 64, base: 0, bar: 32},
		{correct: 40, total: 64, base: 15, bar: 52},
		{correct: 60, total: 64, base: 55, bar: 62},
		{correct: 63, total: 64, base: 61, bar: 64},
		{correct: 64, total: 64, base: 63, bar: 64},
	} {
		got := roles.ScaleOf(sample, c.correct, c.total)
		require.NoError(t, got.Validate())
		require.Equal(t, c.base, got.BaseCorrect, "base at %d", c.correct)
		require.Equal(t, c.bar, got.BarCorrect, "bar at %d", c.correct)
		require.Zero(t, got.Score(got.BaseCorrect))
		require.Equal(t, uint16(65535), got.Score(got.BarCorrect))
	}
	for correct := range uint32(65) { // whatever the base model does, there is a scale
		got := roles.ScaleOf(sample, correct, 64)
		require.Less(t, got.BaseCorrect, got.BarCorrect)
		require.LessOrEqual(t, got.BarCorrect, got.Total)
		require.NoError(t, got.Validate())
	}
}

// counting is a shelf that counts how often each file is fetched.
type counting struct {
	roles.Files
	shelf *shelf
	mu    sync.Mutex
	asked map[string]int
}

func (c *counting) Fetch(_ context.Context, cid string, limit int64) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[cid]++
	raw, err := c.shelf.get(cid)
	if err == nil && int64(len(raw)) > limit {
		return nil, errors.New("too large")
	}
	return raw, err
}

func (c *counting) store(t *testing.T, raw []byte) string {
	t.Helper()
	id, err := c.shelf.put(raw)
	require.NoError(t, err)
	return id
}

func newCounting() *counting {
	return &counting{shelf: &shelf{files: map[string][]byte{}}, asked: map[string]int{}}
}

// specOf stores everything a spec of its own names.
func specOf(t *testing.T, c *counting, n int) engine.Spec {
	t.Helper()
	sets, err := digits()
	require.NoError(t, err)
	model, err := train.Lookup("simplenet")
	require.NoError(t, err)
	weights, err := codec.EncodeWeights(model.Init([32]byte{byte(n)}).Weights(), model.Name())
	require.NoError(t, err)
	set := sets[0].Head(8 + n)
	return engine.Spec{
		Trainer: engine.TrainerNative, Model: "simplenet", Steps: 4, Interval: 2, Batch: 2, Slots: 1, Replay: 1,
		LearningRateMicro: 1000, MomentumMicro: 1000, Rule: "fedavg",
		BaseModel: c.store(t, weights), TrainImages: c.store(t, dataset.EncodeImages(set)), TrainLabels: c.store(t, dataset.EncodeLabels(set)),
	}
}

func TestMaterialIsFetchedOnceAndTheCacheIsBounded(t *testing.T) {
	c := newCounting()
	m := roles.NewMaterials(c)
	specs := make([]engine.Spec, roles.MaxCached+1)
	for i := range specs {
		specs[i] = specOf(t, c, i)
	}
	for range 3 {
		for _, s := range specs[:roles.MaxCached] {
			got, err := m.LoadSpec(t.Context(), s)
			require.NoError(t, err)
			got.Base.Tensors[0].Data[0] = 99 // a base of its own
		}
	}
	require.Equal(t, 1, c.asked[specs[0].BaseModel])
	require.Equal(t, 1, c.asked[specs[0].TrainImages])
	again, err := m.LoadSpec(t.Context(), specs[1])
	require.NoError(t, err)
	require.NotEqual(t, float32(99), again.Base.Tensors[0].Data[0])

	_, err = m.LoadSpec(t.Context(), specs[roles.MaxCached])
	require.NoError(t, err)
	_, err = m.LoadSpec(t.Context(), specs[1])
	require.NoError(t, err)
	require.Equal(t, 1, c.asked[specs[1].BaseModel], "the one used last stays")
	_, err = m.LoadSpec(t.Context(), specs[0])
	require.NoError(t, err)
	require.Equal(t, 2, c.asked[specs[0].BaseModel], "the one unused longest is gone")
}

func TestMaterialThatIsNotWhatTheTaskSaysIsRefused(t *testing.T) {
	c := newCounting()
	spec := specOf(t, c, 0)
	load := func(change func(*engine.Spec)) error {
		s := spec
		change(&s)
		raw, err := engine.EncodeSpec(s)
		require.NoError(t, err)
		_, err = roles.NewMaterials(c).Load(t.Context(), task.Task{
			ID: "t", Spec: c.store(t, raw), Model: spec.BaseModel, Steps: 4, Interval: 2, Batch: 2, Replay: 1, Slots: make([]task.Slot, 1),
		})
		return err
	}
	require.NoError(t, load(func(*engine.Spec) {}))
	junk := c.store(t, []byte("junk"))
	for name, change := range map[string]func(*engine.Spec){
		"other steps":   func(s *engine.Spec) { s.Steps = 6 },
		"other slots":   func(s *engine.Spec) { s.Slots = 2 },
		"other model":   func(s *engine.Spec) { s.BaseModel = junk },
		"broken images": func(s *engine.Spec) { s.TrainImages = junk },
		"swapped files": func(s *engine.Spec) { s.TrainImages, s.TrainLabels = s.TrainLabels, s.TrainImages },
	} {
		require.ErrorIs(t, load(change), roles.ErrMaterial, name)
	}
	c.shelf.remove(spec.TrainLabels)
	err := load(func(*engine.Spec) {})
	require.ErrorIs(t, err, errNowhere)
	require.NotErrorIs(t, err, roles.ErrMaterial, "what cannot be fetched now may come later")
}

func TestWeightsAreReadWithoutTheOptimiser(t *testing.T) {
	c := newCounting()
	model, err := train.Lookup("simplenet")
	require.NoError(t, err)
	state := model.Init([32]byte{1})
	raw, err := codec.EncodeState(state, model.Name())
	require.NoError(t, err)
	got, err := roles.FetchWeights(t.Context(), c, c.store(t, raw))
	require.NoError(t, err)
	require.Equal(t, state.Weights(), got)
	_, err = roles.FetchWeights(t.Context(), c, c.store(t, []byte("junk")))
	require.ErrorIs(t, err, roles.ErrMaterial)
}

func TestGovernorsMakeAHeartbeat(t *testing.T) {
	w := newWorld(t, honest(1))
	w.mu.Lock()
	w.silent, w.timeMS = true, time.Now().UnixMilli()
	w.block()
	before := w.app.View(w.kv).Heartbeat().Count
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range validators {
		g := roles.NewGovernor(roles.Deps{
			Ledger: &seat{w: w, key: ledgertest.Key(i), account: ledgertest.Account(i)}, Log: slog.New(slog.DiscardHandler),
		})
		wg.Go(func() { _ = g.Run(ctx) })
	}
	require.Eventually(t, func() (made bool) {
		_ = w.view(func(v app.View) error {
			made = v.Heartbeat().Count > before
			return nil
		})
		return made
	}, 10*time.Second, 10*time.Millisecond)
	cancel()
	wg.Wait()
}

func TestAnUnregisteredGovernorIsSilentAndOnePulseAnIntervalIsEnough(t *testing.T) {
	w := newWorld(t, honest(1))
	w.mu.Lock()
	w.silent, w.timeMS = true, time.Now().UnixMilli()
	w.block()
	w.mu.Unlock()
	height := w.height
	stranger := roles.NewGovernor(roles.Deps{Ledger: w.actor("solver", solver).seat, Log: slog.New(slog.DiscardHandler)})
	_, _, err := stranger.Pulse(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, height, w.height)

	g := roles.NewGovernor(roles.Deps{Ledger: w.actor("proposer", owner).seat, Log: slog.New(slog.DiscardHandler)})
	done, _, err := g.Pulse(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, height+1, w.height)
	again, _, err := g.Pulse(t.Context(), done)
	require.NoError(t, err)
	require.LessOrEqual(t, w.height, height+1+int64(again-done), "interval %d", again)
}

// stuck is a shelf on which one file never comes.
type stuck struct {
	*counting
	never string
	asked chan struct{}
}

func (s stuck) Fetch(ctx context.Context, cid string, limit int64) ([]byte, error) {
	if cid != s.never {
		return s.counting.Fetch(ctx, cid, limit)
	}
	close(s.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAFileThatDoesNotComeHoldsNobodyElseUp(t *testing.T) {
	c := newCounting()
	good, bad := specOf(t, c, 0), specOf(t, c, 1)
	asked := make(chan struct{})
	m := roles.NewMaterials(stuck{counting: c, never: bad.BaseModel, asked: asked})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := m.LoadSpec(ctx, bad)
		ended <- err
	}()
	<-asked
	_, err := m.LoadSpec(t.Context(), good)
	require.NoError(t, err)
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err = m.LoadSpec(short, bad)
	require.ErrorIs(t, err, context.DeadlineExceeded, "whoever wants the same file waits as long as it can")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestManyWhoWantTheSameMaterialFetchItOnce(t *testing.T) {
	c := newCounting()
	spec := specOf(t, c, 0)
	m := roles.NewMaterials(c)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := m.LoadSpec(t.Context(), spec)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	require.Equal(t, 1, c.asked[spec.BaseModel])
	require.Equal(t, 1, c.asked[spec.TrainImages])
}

func TestTheFirstPulseFollowsTheFirstBlockAtOnce(t *testing.T) {
	kv := ledgertest.NewKV()
	a := app.New()
	g := genesis(honest(1))
	g.Params.PulseIntervalMS, g.Params.LeaseMS = 3_600_000, 7_200_000
	_, err := a.InitGenesis(kv, g, start)
	require.NoError(t, err)
	idle := &seat{account: ledgertest.Account(owner)}
	_, wait, err := roles.NewGovernor(roles.Deps{Ledger: blank{idle, board{app: a, kv: kv}}}).Pulse(t.Context(), 0)
	require.NoError(t, err)
	require.LessOrEqual(t, wait, time.Second)
}

// blank is a ledger that has only its genesis.
type blank struct {
	*seat
	board board
}

func (b blank) View(fn func(app.View) error) error { return b.board.View(fn) }
