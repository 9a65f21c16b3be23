package plan

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// aim sets the load of a search's run.
func (want *wantedRun) aim(req *drivers.SuiteRequest) {
	if want.search == nil {
		return
	}
	byRate := want.Search.By == v1alpha1.SearchRate
	if req.Vector != nil {
		v := *req.Vector
		if byRate {
			v.Rate = v1alpha1.Rate(want.load)
		} else {
			v.Concurrency = []int{int(want.load)}
		}
		req.Vector = &v
		return
	}
	v := *req.Serving
	if byRate {
		v.Rate = v1alpha1.Rate(want.load)
	} else {
		v.Concurrency = int(want.load)
	}
	req.Serving = &v
}
