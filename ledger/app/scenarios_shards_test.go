package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
)

const shelf = 10_000 // bytes of the file in these scenarios: 4 data and 2 parity columns of 2500 bytes each

// shelved is a registered file of which nobody holds anything.
func shelved(t *testing.T) (*chain, stored) {
	t.Helper()
	c, s := newChain(t), store(t, shelf, 4, 2)
	c.must(citizen, shardreg.Register{
		Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Data: 4, Parity: 2, Strategy: shardreg.LayerWise,
	})
	return c, s
}

func (s stored) announce(columns ...uint16) shardreg.Announce {
	return shardreg.Announce{
		Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Data: uint8(s.K), Parity: uint8(s.M), Columns: columns,
	}
}

func (c *chain) available(s stored) shardreg.Availability {
	c.t.Helper()
	a, ok := c.view().Availability(s.CID().String(), s.Root)
	require.True(c.t, ok)
	return a
}

func (c *chain) providerOf(i int) shardreg.Provider {
	c.t.Helper()
	p, ok := c.view().Provider(acct(i))
	require.True(c.t, ok)
	return p.Provider
}

func providerScenarios() []scenario {
	return []scenario{
		{"enough stake", func(t stage) {
			c := newChain(t)
			c.must(citizen, staking.Bond{Role: ledger.RoleProvider, Amount: 50 * atn})
			c.must(citizen, shardreg.RegisterProvider{Capacity: 1000})
			p := c.providerOf(citizen)
			require.Equal(t, []uint64{1000, 0, 500}, []uint64{p.Capacity, p.Used, uint64(p.Reputation)})
			require.True(t, c.view().Chosen(acct(citizen)))
		}},
		{"too little stake", func(t stage) {
			c := newChain(t)
			c.refuses(citizen, ledger.CodeRefused, shardreg.RegisterProvider{Capacity: 1000})
			c.refuses(citizen, ledger.CodeFunds, staking.Bond{Role: ledger.RoleProvider, Amount: 50*atn - 1})
			c.refuses(solver, ledger.CodeRefused, shardreg.RegisterProvider{Capacity: 1000})
			_, known := c.view().Provider(acct(citizen))
			require.False(t, known)
		}},
		{"zero capacity", func(t stage) {
			c := newChain(t)
			c.rejects(shardreg.RegisterProvider{})
			c.rejects(shardreg.RegisterProvider{Capacity: 1<<55 + 1})
		}},
		{"capacity change", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1))
			c.must(provider, shardreg.RegisterProvider{Capacity: 5000})
			require.Equal(t, uint64(5000), c.providerOf(provider).Capacity)
			require.Equal(t, uint64(5000), c.providerOf(provider).Used)
			c.refuses(provider, ledger.CodeRefused, shardreg.RegisterProvider{Capacity: 4999})
			c.must(provider, shardreg.RegisterProvider{Capacity: 7500})
			c.must(provider, s.announce(0, 1, 2))
		}},
		{"deactivation", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1, 2, 3))
			require.True(t, c.available(s).Readable)
			c.must(provider, shardreg.Deregister{})
			require.False(t, c.view().Chosen(acct(provider)))
			require.Zero(t, c.available(s).Live)
			c.refuses(provider, ledger.CodeNotFound, s.announce(0))
			c.refuses(provider, ledger.CodeRefused, shardreg.Deregister{})
			c.refuses(citizen, ledger.CodeNotFound, shardreg.Deregister{})
			require.Equal(t, uint16(500), c.providerOf(provider).Reputation, "its record stays")
			c.must(provider, shardreg.RegisterProvider{Capacity: 10_000})
			c.must(provider, s.announce(0))
		}},
		{"stake withdrawn", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1, 2, 3))
			c.must(provider, staking.Unbond{Role: ledger.RoleProvider, Amount: 50 * atn})
			require.Zero(t, c.available(s).Live, "nobody counts on columns without a stake")
			require.Equal(t, 4, c.available(s).Announced)
			c.refuses(provider, ledger.CodeRefused, s.announce(0))
		}},
	}
}

func announceScenarios() []scenario {
	return []scenario{
		{"two providers", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1, 2))
			c.must(provider+1, s.announce(2, 3))
			require.Len(t, c.view().Holdings(s.CID().String()), 2)
			require.Equal(t, 4, c.view().AnnouncedColumns(s.CID().String(), s.Root))
			require.Equal(t, uint64(3*2500), c.providerOf(provider).Used)
			require.Equal(t, uint64(2*2500), c.providerOf(provider+1).Used)
		}},
		{"wrong hash", func(t stage) {
			c, s := shelved(t.T)
			m := s.announce(0)
			m.Root = digest("wrong")
			c.refuses(provider, ledger.CodeRefused, m)
			require.Zero(t, c.providerOf(provider).Used)
		}},
		{"over capacity", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, shardreg.RegisterProvider{Capacity: 2*2500 + 2499})
			c.refuses(provider, ledger.CodeFunds, s.announce(0, 1, 2))
			c.must(provider, s.announce(0, 1))
			c.refuses(provider, ledger.CodeFunds, s.announce(0, 1, 2))
			require.Equal(t, uint64(5000), c.providerOf(provider).Used)
		}},
		{"duplicate", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1))
			c.refuses(provider, ledger.CodeRefused, s.announce(0, 1))
			c.must(provider, s.announce(1))
			require.Equal(t, uint64(2500), c.providerOf(provider).Used, "a new one replaces the old")
			m := s.announce(1, 1)
			c.rejects(m)
		}},
		{"unknown model", func(t stage) {
			c, _ := shelved(t.T)
			m := store(t, shelf-1, 4, 2).announce(0)
			c.refuses(provider, ledger.CodeNotFound, m)
		}},
		{"index out of range", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(5))
			c.refuses(provider, ledger.CodeRefused, s.announce(6))
			c.refuses(provider, ledger.CodeRefused, s.announce(0, 1, 65535))
		}},
		{"nobody's provider", func(t stage) {
			c, s := shelved(t.T)
			c.refuses(citizen, ledger.CodeNotFound, s.announce(0))
		}},
	}
}

// asks waits until the first provider is audited.
func (c *chain) asks() shardreg.Audit {
	c.t.Helper()
	for range 100 {
		for _, a := range c.view().Audits() {
			if a.Provider == acct(provider) {
				return a
			}
		}
		c.block(1000)
	}
	c.t.Fatal("no audit is drawn")
	return shardreg.Audit{}
}

// answers lets the provider answer its next audit, rightly or not.
func (c *chain) answers(s stored, right bool) {
	c.t.Helper()
	m := s.answer(c.t, c.asks())
	if !right {
		m.Chunk = append([]byte{^m.Chunk[0]}, m.Chunk[1:]...)
	}
	c.must(provider, m)
}

func auditScenarios() []scenario {
	held := func(t *testing.T) (*chain, stored) {
		t.Helper()
		c, s := shelved(t)
		c.must(provider, s.announce(0, 1, 2, 3))
		return c, s
	}
	return []scenario{
		{"right, and reputation goes up", func(t stage) {
			c, s := held(t.T)
			m := s.answer(t, c.asks())
			c.must(provider, m)
			require.Equal(t, uint16(510), c.providerOf(provider).Reputation)
			require.Equal(t, uint64(1), c.providerOf(provider).Passed)
			c.refuses(provider, ledger.CodeNotFound, m)
		}},
		{"wrong, and reputation goes down", func(t stage) {
			c, s := held(t.T)
			c.answers(s, false)
			require.Equal(t, uint16(450), c.providerOf(provider).Reputation)
			require.Equal(t, shardreg.FindingCorrupt, c.providerOf(provider).Quarantine)
			require.Zero(t, c.available(s).Live)
			require.Equal(t, 50*atn, c.bonded(acct(provider), ledger.RoleProvider), "stake is never touched")
		}},
		{"of another", func(t stage) {
			c, s := held(t.T)
			m := s.answer(t, c.asks())
			c.refuses(provider+1, ledger.CodeRefused, m)
			m.Chunk = []byte("rubbish")
			c.refuses(provider+1, ledger.CodeRefused, m)
			require.Equal(t, uint16(500), c.providerOf(provider).Reputation, "nobody harms another")
		}},
		{"silent", func(t stage) {
			c, s := held(t.T)
			for range 2 {
				id := c.asks().ID
				for c.providerOf(provider).Audit == id {
					c.block(5000)
				}
			}
			p := c.providerOf(provider)
			require.Equal(t, uint16(450), p.Reputation, "a warning first, then it costs")
			require.Equal(t, shardreg.FindingSilent, p.Quarantine)
			require.Zero(t, c.available(s).Live)
		}},
		{"reputation has a top", func(t stage) {
			c, s := held(t.T)
			for range 52 {
				c.answers(s, true)
			}
			require.Equal(t, uint16(1000), c.providerOf(provider).Reputation)
		}},
		{"reputation has a bottom", func(t stage) {
			c, s := held(t.T)
			for range 12 {
				c.answers(s, false)
			}
			require.Zero(t, c.providerOf(provider).Reputation)
			require.False(t, c.view().Chosen(acct(provider)))
			c.answers(s, true)
			require.Equal(t, uint16(10), c.providerOf(provider).Reputation, "and a way back")
		}},
	}
}

func availabilityScenarios() []scenario {
	return []scenario{
		{"below k", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1, 2))
			a := c.available(s)
			require.Equal(t, []any{3, 4, false}, []any{a.Live, a.Data, a.Readable})
			require.Equal(t, []uint16{3, 4, 5}, a.Missing)
		}},
		{"at k", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1))
			c.must(provider+1, s.announce(4, 5))
			require.True(t, c.available(s).Readable, "parity counts as data does")
		}},
		{"mixed", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1, 2))
			c.must(provider+1, s.announce(2, 3))
			require.Equal(t, 4, c.available(s).Live, "a column held twice is one column")
			c.must(provider+1, staking.Unbond{Role: ledger.RoleProvider, Amount: 50 * atn})
			a := c.available(s)
			require.Equal(t, []any{3, 4, false}, []any{a.Live, a.Announced, a.Readable})
		}},
	}
}

func removalScenarios() []scenario {
	unregister := func(s stored) shardreg.Unregister {
		return shardreg.Unregister{Manifest: s.CID().String()}
	}
	withdraw := func(s stored) shardreg.Withdraw { return shardreg.Withdraw{Manifest: s.CID().String()} }
	return []scenario{
		{"by the owner", func(t stage) {
			c, s := shelved(t.T)
			c.must(citizen, unregister(s))
			require.Empty(t, c.view().Manifests())
			code := c.send(citizen, unregister(s)).Code
			require.Equal(t, ledger.CodeNotFound, code)
		}},
		{"by others", func(t stage) {
			c, s := shelved(t.T)
			require.NotEqual(t, ledger.CodeOK, c.send(owner, unregister(s)).Code)
			c.must(provider, s.announce(0))
			c.refuses(provider+1, ledger.CodeNotFound, withdraw(s))
			require.Len(t, c.view().Manifests(), 1)
			require.Len(t, c.view().Holdings(s.CID().String()), 1)
		}},
		{"with several holders", func(t stage) {
			c, s := shelved(t.T)
			c.must(provider, s.announce(0, 1))
			c.must(provider+1, s.announce(1, 2))
			c.refuses(citizen, ledger.CodeRefused, unregister(s))
			c.must(provider, withdraw(s))
			require.Zero(t, c.providerOf(provider).Used)
			require.Equal(t, uint64(5000), c.providerOf(provider+1).Used, "the other's are its own")
			require.Equal(t, 2, c.available(s).Live)
			c.refuses(citizen, ledger.CodeRefused, unregister(s))
			c.must(provider+1, withdraw(s))
			c.must(citizen, unregister(s))
			require.Empty(t, c.view().Manifests())
		}},
	}
}
