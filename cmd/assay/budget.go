package main

import "assay/api/v1alpha1"

// budgetFlag is the flag --budget of what follows a source.
type budgetFlag struct {
	text  string
	value *v1alpha1.Budget
}

func (b *budgetFlag) String() string { return b.text }

func (*budgetFlag) Type() string { return "budget" }

func (b *budgetFlag) Set(text string) error {
	v, err := v1alpha1.ParseBudget(text)
	if b.text = text; err == nil && !v.IsZero() {
		b.value = &v
	}
	return err
}
