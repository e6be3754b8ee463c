package app

import "autonet/ledger/heartbeat"

func (a *App) heartbeatRoutes() map[string]route {
	pulse := free(a.heartbeat.Pulse)
	pulse.bare, pulse.once = !TakesNonce(heartbeat.Pulse{}.Kind()), true
	return map[string]route{
		"heartbeat/register": on(a.heartbeat.Register),
		"heartbeat/leave":    on(a.heartbeat.Leave),
		"heartbeat/pulse":    pulse,
	}
}

// TakesNonce reports whether messages of a kind use up a nonce of their sender. A pulse does not, whatever nonce it states:
// one per governor and interval is accepted, so that a nonce would protect nothing, and a pulse that fails or waits would
// hold up everything else that its sender has on the way.
func TakesNonce(kind string) bool { return kind != (heartbeat.Pulse{}).Kind() }
