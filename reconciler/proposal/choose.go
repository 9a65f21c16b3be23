package proposal

import (
	"fmt"

	"assay/reconciler/accept"
)

// base ends the temporary name of what is measured of the base.
const base = "-base"

func (m *measuring) name(experiment, suffix string) string {
	return accept.TemporaryName(experiment, m.Sides.Head.Commit, suffix)
}

// choose says what is to be measured.
func (m *measuring) choose() error {
	for _, pair := range m.Pairs {
		if pair.Unchanged || pair.Head == nil || pair.Head.Spec.Suspend {
			continue
		}
		m.docs = append(m.docs, accept.Temporary(*pair.Head, m.name(pair.Name, "")))
		if pair.Base == nil {
			continue
		}
		there, err := m.Reader.Measurements(pair.Name)
		if err != nil {
			return fmt.Errorf("reading the results of the base: %w", err)
		}
		rev, done, err := there.Measuring(pair.BaseHash)
		if err != nil {
			return fmt.Errorf("reading the results of the base: %w", err)
		}
		if done && !m.Again {
			m.based[pair.Name] = fmt.Sprintf("%s@%d", pair.Name, rev.Generation)
			continue
		}
		doc := accept.Temporary(*pair.Base, m.name(pair.Name, base))
		doc.Spec.Suspend = false
		m.docs = append(m.docs, doc)
		m.inTurn[pair.Name], m.based[pair.Name] = true, doc.Metadata.Name
	}
	return nil
}
