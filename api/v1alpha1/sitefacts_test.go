package v1alpha1

import "testing"

// TestSiteFacts reads every fact of a site, and writes it back unchanged.
func TestSiteFacts(t *testing.T) {
	const text = `apiVersion: assay/v1alpha1
kind: Site
metadata: {name: big}
spec:
  scheduler: slurm
  enforcePartLimits: "NO"
  account: lab
  partitions:
    gpu: {nodes: 3, minNodes: 1, maxNodes: 2, gpusPerNode: 4, cpusPerNode: 64, memoryPerNode: 500Gi, gres: "gpu:a100", defaultTime: 1h, maxTime: 24h,
      wholeNodes: true, qos: part, allowQos: [default], denyQos: [part], allowAccounts: [lab, others], denyAccounts: [x],
      nodeSets: [{nodes: 2, gpusPerNode: 4, cpusPerNode: 64, memoryPerNode: 500Gi, gres: "gpu:a100"}, {nodes: 1, cpusPerNode: 128}]}
  qos:
    part: {grpNodes: 100, denyOnLimit: true}
    default: {maxTime: 48h, minNodes: 1, maxNodes: 50, minGPUs: 1, maxGPUs: 200, minCPUs: 1, maxCPUs: 6400, maxJobsPerUser: 10, maxSubmitJobsPerUser: 20,
      maxNodesPerUser: 60, maxGPUsPerUser: 240, maxCPUsPerUser: 7000, maxJobsPerAccount: 30, maxSubmitJobsPerAccount: 100, maxNodesPerAccount: 80,
      maxGPUsPerAccount: 320, maxCPUsPerAccount: 9000, grpJobs: 100, grpSubmitJobs: 500, grpNodes: 90, grpGPUs: 360, grpCPUs: 9999,
      denyOnLimit: false, partitionTime: true, overPartQos: true, reservation: {gpu: gpudev}}
  accounts:
    lab: {qos: [default], defaultQos: default, partitions: [gpu], maxTime: 24h, maxNodes: 10, maxGPUs: 40, maxCPUs: 640, maxJobs: 5, maxSubmitJobs: 9,
      grpJobs: 8, grpSubmitJobs: 16, grpNodes: 12, grpGPUs: 48, grpCPUs: 768}
  reservations:
    gpudev: {partition: gpu, nodes: 2, users: [me], accounts: [lab], start: 2026-12-01, end: 2026-12-31T08:00:00+01:00}
  licenses: {matlab: 10}
  slurmVersion: 24.11.5-1
`
	site := mustLoad(t, text, nil).Sites[0]
	if got := site.Spec.Reservations["gpudev"].End.String(); got != "2026-12-31T07:00:00Z" {
		t.Errorf("the end with an offset is %s", got)
	}
	written, err := Encode(site)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(mustLoad(t, string(written), nil).Sites[0])
	if err != nil || string(again) != string(written) {
		t.Errorf("written and read again it is another site (%v):\n%s\n%s", err, written, again)
	}
}
