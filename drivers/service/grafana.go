package service

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// The data source's uid is fixed, so that links to dashboards survive.
const dataSource = "assay-prometheus"

// grafanaProcess has its data source and all dashboards provisioned, and an administrator with a random password in a
// file; anonymous access is off.
func grafanaProcess(name string, m v1alpha1.Monitors) drivers.Process {
	return drivers.Process{
		Argv: command(m, grafana, "grafana", "server"),
		Env: map[string]string{
			"GF_SERVER_HTTP_ADDR": "$(HOST)", "GF_SERVER_HTTP_PORT": "$(PORT)",
			"GF_PATHS_DATA": "$(DATA)", "GF_PATHS_LOGS": "$(DATA)/log", "GF_PATHS_PLUGINS": "$(DATA)/plugins", "GF_PATHS_PROVISIONING": "$(CONF)/provisioning",
			"GF_SECURITY_ADMIN_USER": "admin", "GF_SECURITY_ADMIN_PASSWORD__FILE": "$(DATA)/admin-password",
			"GF_AUTH_ANONYMOUS_ENABLED": "false", "GF_USERS_ALLOW_SIGN_UP": "false", "GF_SECURITY_DISABLE_GRAVATAR": "true",
			"GF_ANALYTICS_REPORTING_ENABLED": "false", "GF_ANALYTICS_CHECK_FOR_UPDATES": "false", "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
			"GF_PLUGINS_PREINSTALL_DISABLED": "true",
			"GF_METRICS_BASIC_AUTH_USERNAME": drivers.PasswordUser, "GF_METRICS_BASIC_AUTH_PASSWORD": "$(PASSWORD)",
		},
		Protected: map[string]string{"": drivers.ByPassword},
		Generate:  []string{"admin-password"}, Dashboards: "dashboards",
		Files: []drivers.File{
			yamlFile("provisioning/datasources/assay.yaml", object{"apiVersion": 1, "datasources": []object{{
				"name": "assay", "type": "prometheus", "uid": dataSource, "access": "proxy", "isDefault": true, "editable": false,
				"url": "http://127.0.0.1:$(PORT@" + component(name, prometheus) + ")", "jsonData": object{"timeInterval": "5s", "httpMethod": "POST"},
				"basicAuth": true, "basicAuthUser": drivers.PasswordUser, "secureJsonData": object{"basicAuthPassword": "$(PASSWORD)"},
			}}}),
			yamlFile("provisioning/dashboards/assay.yaml", object{"apiVersion": 1, "providers": []object{{
				"name": "assay", "type": "file", "allowUiUpdates": false, "options": object{"path": "$(CONF)/dashboards"},
			}}}),
		},
		Probes: []drivers.Probe{{Path: "/api/health", Timeout: 5}}, Metrics: "/metrics", Grace: graceDefault,
	}
}
