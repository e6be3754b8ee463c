package app

func (a *App) shardregRoutes() map[string]route {
	return map[string]route{
		"shardreg/register-provider": on(a.shardreg.RegisterProvider),
		"shardreg/deregister":        on(a.shardreg.Deregister),
		"shardreg/register":          on(a.shardreg.Register),
		"shardreg/unregister":        on(a.shardreg.Unregister),
		"shardreg/announce":          on(a.shardreg.Announce),
		"shardreg/withdraw":          on(a.shardreg.Withdraw),
		"shardreg/answer-audit":      on(a.shardreg.AnswerAudit),
	}
}
