package cli

import (
	"errors"

	"autonet/node/api/types"
	"autonet/node/config"
	"autonet/node/home"
	"autonet/node/invite"
)

// known gives the failures of making and starting a node their code and advice.
func known(err error) error {
	if isAPIError(err) {
		return err
	}
	for _, k := range []struct {
		is                  error
		code, title, advice string
	}{
		{home.ErrNotInitialised, types.CodeFailed, "no node lives there", "make one with: autonet init"},
		{home.ErrExists, types.CodeFailed, "nothing is made", "start it with: autonet start, or choose another --home"},
		{home.ErrRunning, types.CodeBusy, "the node runs already", "look at it with: autonet status, or end it with: autonet stop"},
		{invite.ErrBroken, types.CodeUsage, "join", "its maker prints it with: autonet invite"},
		{config.ErrInvalid, types.CodeFailed, "bad configuration", "edit it, then: autonet config check"},
	} {
		if errors.Is(err, k.is) {
			return types.NewError(k.code, k.title, err.Error(), k.advice)
		}
	}
	return err
}
