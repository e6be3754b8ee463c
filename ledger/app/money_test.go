package app_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
)

// as signs a message with any key and nonce.
func as(t *testing.T, from ed25519.PrivateKey, nonce uint64, m ledger.Msg) []byte {
	t.Helper()
	raw, err := ledger.SignTx(from, network, nonce, m)
	require.NoError(t, err)
	return raw
}

func claimOf(grant int, claimer ledger.Account) bank.Claim {
	key := ledgertest.Key(grant)
	return bank.Claim{Key: key[ed25519.SeedSize:], Sig: bank.SignClaim(key, network, claimer)}
}

func (c *chain) grant(key int) {
	c.t.Helper()
	c.must(owner, bank.Grant{Key: ledgertest.Key(key)[ed25519.SeedSize:], Amount: atn, ExpiresMS: c.timeMS + 60_000})
}

func TestANewcomerBeginsWithAGrant(t *testing.T) {
	c := newChain(t)
	c.grant(800)
	newcomer, account := ledgertest.Key(900), ledgertest.Account(900)
	door := ledger.NewOverlay(c.kv)
	first := as(t, newcomer, 0, claimOf(800, account))
	second := as(t, newcomer, 1, bank.Send{To: acct(owner), Denom: "ATN", Amount: 1})
	require.NoError(t, c.CheckTx(door, c.info(), first))
	require.NoError(t, c.CheckTx(door, c.info(), second), "what the claim brings can be spent in the same block")
	rival := as(t, ledgertest.Key(901), 0, claimOf(800, ledgertest.Account(901)))
	require.Equal(t, ledger.CodeNotFound, ledger.CodeOf(c.CheckTx(door, c.info(), rival)), "one claim waits, not a thousand")

	res := c.block(100, first, second, rival, first)
	require.Equal(t, ledger.CodeOK, res.Txs[0].Code, res.Txs[0].Text)
	require.Zero(t, res.Txs[0].Fee)
	require.Equal(t, ledger.CodeOK, res.Txs[1].Code, res.Txs[1].Text)
	require.Equal(t, ledger.CodeNotFound, res.Txs[2].Code)
	require.Equal(t, ledger.CodeNonce, res.Txs[3].Code)
	require.Equal(t, uint64(atn)-1-uint64(ledger.Fee(len(second))), c.view().Balance(account, "ATN"))
	_, known := c.view().Account(ledgertest.Account(901))
	require.False(t, known, "a refused stranger leaves nothing behind")
	c.sound()
}

func TestAnUnclaimedGrantReturns(t *testing.T) {
	c := newChain(t)
	before := c.view().Supply()
	c.grant(800)
	require.Equal(t, atn, c.view().Supply().Grants)
	c.sound()
	c.block(60_000)
	require.Equal(t, before.Total, c.view().Supply().Total)
	require.Zero(t, c.view().Supply().Grants)
	c.sound()
}

func TestAnotherKeySignsForAnAccountFromTheNextEpochOn(t *testing.T) {
	c := newChain(t)
	next := ledgertest.Key(800)
	keyName := ledgertest.Account(800)
	c.must(citizen, staking.RotateKey{Key: next[ed25519.SeedSize:], Proof: staking.ProveKey(next, network, acct(citizen))})
	send := bank.Send{To: acct(owner), Denom: "ATN", Amount: 1}
	early := c.block(100, as(t, next, 1, send), as(t, key(citizen), 1, send)).Txs
	require.Equal(t, ledger.CodeEarly, early[0].Code)
	require.Equal(t, ledger.CodeOK, early[1].Code)
	require.Equal(t, ledger.CodeRefused, c.send(owner, bank.Send{To: keyName, Denom: "ATN", Amount: 1}).Code, "nobody could spend it")

	c.wait(c.view().Params().EpochMS + 1000)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(c.CheckTx(ledger.NewOverlay(c.kv), c.info(), as(t, key(citizen), 2, send))))
	require.NoError(t, c.CheckTx(ledger.NewOverlay(c.kv), c.info(), as(t, next, 2, send)))
	late := c.block(100, as(t, key(citizen), 2, send), as(t, next, 2, send)).Txs
	require.Equal(t, ledger.CodeRefused, late[0].Code)
	require.Equal(t, ledger.CodeOK, late[1].Code, late[1].Text)
	require.Equal(t, acct(citizen), late[1].Sender)
	require.Equal(t, uint64(3), c.view().Nonce(acct(citizen)))
	_, known := c.view().Account(keyName)
	require.False(t, known)
	c.sound()
}

func TestAValidatorRotatesItsConsensusKeyAndAnswersForTheOldOne(t *testing.T) {
	c := newChain(t)
	next := ledgertest.Key(800)
	pub := []byte(next[ed25519.SeedSize:])
	c.must(owner, staking.RotateConsensusKey{Key: pub, Proof: staking.ProveConsensusKey(next, network, acct(owner))})
	var updates []app.ValidatorUpdate
	for len(updates) == 0 {
		c.beat()
		updates = c.block(1000).Updates
	}
	old := sha256.Sum256([]byte{owner, 'c'})
	require.Equal(t, []app.ValidatorUpdate{{ConsKey: old[:], Power: 0}, {ConsKey: pub, Power: 10_000}}, updates)

	info := c.info()
	info.Height++
	other := sha256.Sum256([]byte{second, 'c'})
	info.Proposer = staking.ConsAddress(other[:])
	info.Equivocations = []app.Equivocation{{
		Kind: app.LightClientAttack, Address: staking.ConsAddress(old[:]), Height: 1, TimeMS: c.timeMS - 1000,
	}}
	had := c.view().Balance(acct(second), "ATN")
	res, err := c.ExecBlock(c.kv, info, nil)
	require.NoError(t, err)
	require.Equal(t, []app.ValidatorUpdate{{ConsKey: pub, Power: 0}}, res.Updates)
	require.Equal(t, had+uint64(50*atn), c.view().Balance(acct(second), "ATN"), "a tenth goes to whose block brought it to light")
	require.False(t, c.view().IsActive(acct(owner), ledger.RoleValidator))
	c.sound()
}

func TestASalvoOfRefusedMessagesLeavesTheSupplyAlone(t *testing.T) {
	c := newChain(t)
	before := c.view().Supply().Total
	var raws [][]byte
	for _, one := range badTransactions(c) {
		raws = append(raws, one.raw)
	}
	c.block(100, raws...)
	require.Equal(t, before, c.view().Supply().Total)
	c.sound()
}

// money is any message about salts, grants and consensus keys.
func (d dice) money(c *chain, from int) ledger.Msg {
	d = dice{rand.New(rand.NewSource(d.Int63()))} // draws one number, as every other message does about
	key := ledgertest.Key(800 + d.Intn(6))
	pub := []byte(key[ed25519.SeedSize:])
	switch d.Intn(6) {
	case 0, 1:
		return bank.Grant{Key: pub, Amount: max(d.amount(atn), bank.MinGrant), ExpiresMS: c.timeMS + int64(d.Intn(40_000))}
	case 2, 3:
		return bank.Claim{Key: pub, Sig: bank.SignClaim(key, network, acct(from))}
	case 4:
		return staking.RotateConsensusKey{Key: pub, Proof: staking.ProveConsensusKey(key, network, acct(from))}
	default:
		return staking.SetSalts{Head: d.hash()}
	}
}
