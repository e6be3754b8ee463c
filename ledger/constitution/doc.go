// Package constitution owns what the network stands for: seven principles fixed for good, the standards of each jurisdiction
// (by default the thirty articles of the Universal Declaration of Human Rights), the amendments that change standards and
// entrenched parameters, the notices given to power that has signed nothing, and the evaluators' verdicts.
//
// What it promises. No message changes a principle. An amendment needs 95 % of all governance power, whoever votes; power whose
// account has signed nothing for 365 days leaves that denominator 30 days after notice was given, and returns with its next
// signature; two thirds of all power are always needed. Standards have an append-only history. A verdict is committed before it
// is shown, names its reasons, and weighs by stake; two thirds of the weight that finds an article concerned must support the
// matter on it.
//
// It must not know where power comes from, what stake is for, or how parameters are kept: that comes through its ports.
package constitution
