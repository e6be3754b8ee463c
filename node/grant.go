package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/staking"
	"autonet/node/api/types"
	"autonet/node/home"
)

const (
	// grantSpan is how long a grant waits for its newcomer where nothing else is said.
	grantSpan = 30 * 24 * time.Hour
	// claimPause is how long a newcomer waits between attempts to claim.
	claimPause = 2 * time.Second
	// pocketMoney is what a newcomer keeps for fees when it bonds.
	pocketMoney = ledger.ATN
)

// grant escrows ATN under a new one-use key and returns the key's seed.
func (n *Node) grant(ctx context.Context, req types.InviteRequest) (seed []byte, endsMS int64, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, 0, fmt.Errorf("make the grant's key: %w", err)
	}
	endsMS = n.engine.Status().TimeMS + or(req.GrantMS, grantSpan.Milliseconds())
	_, err = n.sender.Send(ctx, bank.Grant{Key: pub, Amount: ledger.Natn(req.GrantNatn), ExpiresMS: endsMS})
	if err != nil {
		return nil, 0, ledgerError("put the grant aside", err)
	}
	return key.Seed(), endsMS, nil
}

// claim takes a grant for this node's account.
func (n *Node) claim(ctx context.Context, seed []byte) error {
	key := ed25519.NewKeyFromSeed(seed)
	pub, _ := key.Public().(ed25519.PublicKey) // always, by the type of key
	_, err := n.sender.Send(ctx, bank.Claim{Key: pub, Sig: bank.SignClaim(key, n.network, n.account)})
	return err
}

// saveGrant keeps an invitation's one-use key until the node claims it.
func saveGrant(h home.Home, seed []byte) error {
	return writeSeed(h.Grant(), seed)
}

// readGrant returns the one-use key that waits in a home; nil if none does.
func readGrant(h home.Home) ([]byte, error) {
	return readSeed(h.Grant())
}

// settleIn claims the grant that the home was made with and bonds the roles that the node works as, as far as the money
// goes. It ends when that is done; nothing of it is done twice after a restart.
func (n *Node) settleIn(ctx context.Context) error {
	seed, err := readGrant(n.home)
	if err != nil || seed == nil {
		return errors.Join(err, wait(ctx))
	}
	for !n.settled(ctx, seed) {
		if !pause(ctx, claimPause) {
			return nil
		}
	}
	if err := os.Remove(n.home.Grant()); err != nil {
		return fmt.Errorf("remove the claimed grant's key: %w", err)
	}
	return wait(ctx)
}

// wait blocks until ctx ends: a service that has done its part stays.
func wait(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// settled makes one attempt and reports whether there is nothing left to do.
func (n *Node) settled(ctx context.Context, seed []byte) bool {
	if n.engine.Status().CatchingUp {
		return false
	}
	err := n.claim(ctx, seed)
	switch code := ledger.CodeOf(err); code {
	case ledger.CodeOK:
	case ledger.CodeNotFound: // an earlier attempt may have succeeded, or somebody else was faster
	case ledger.CodeLate, ledger.CodeInvalid:
		n.log.LogAttrs(ctx, slog.LevelWarn, "the invitation's grant cannot be claimed", slog.String("reason", err.Error()))
		return true
	default:
		n.log.LogAttrs(ctx, slog.LevelInfo, "the invitation's grant is not claimed yet", slog.String("reason", err.Error()))
		return false
	}
	if err := n.bondRoles(ctx); err != nil {
		n.log.LogAttrs(ctx, slog.LevelInfo, "the roles are not bonded yet", slog.String("reason", err.Error()))
		return false
	}
	return true
}

// bondRoles bonds the least stake of each enabled role that is inactive, as far as the balance goes.
func (n *Node) bondRoles(ctx context.Context) error {
	for _, name := range n.cfg.Roles.Enabled {
		role := ledger.Role(name)
		if !role.Valid() {
			continue // governing needs no stake of its own
		}
		var missing, balance ledger.Natn
		err := n.engine.View(func(v app.View) error {
			least := v.Params().Role(role).MinStake
			for _, s := range v.Stake(n.account) {
				if s.Role == role {
					least -= min(least, s.Bonded)
				}
			}
			missing, balance = least, ledger.Natn(v.Balance(n.account, ledger.DenomATN))
			return nil
		})
		if err != nil {
			return err
		}
		if missing == 0 || balance < missing+pocketMoney {
			continue
		}
		bond := staking.Bond{Role: role, Amount: missing}
		if role == ledger.RoleValidator {
			bond.ConsKey = n.consKey
		}
		if _, err := n.sender.Send(ctx, bond); err != nil {
			return fmt.Errorf("bond as %s: %w", role, err)
		}
	}
	return nil
}
