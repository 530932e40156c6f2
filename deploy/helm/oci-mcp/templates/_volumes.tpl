{{/* Where settings find files; each file is there if its setting is. */}}
{{- define "oci-mcp.mounts" -}}
{{- $mounts := list -}}
{{- if eq (include "oci-mcp.access" .) "introspection" -}}
{{- $mounts = append $mounts (dict "name" "oidc" "mountPath" "/etc/oci-mcp/oidc" "readOnly" true) -}}
{{- end -}}
{{- if .Values.policy -}}
{{- $mounts = append $mounts (dict "name" "policy" "mountPath" "/etc/oci-mcp/policy" "readOnly" true) -}}
{{- end -}}
{{- if .Values.caConfigMap -}}
{{- $mounts = append $mounts (dict "name" "ca" "mountPath" "/etc/oci-mcp/ca" "readOnly" true) -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}

{{- define "oci-mcp.volumes" -}}
{{- $volumes := list -}}
{{- if eq (include "oci-mcp.access" .) "introspection" -}}
{{- $volumes = append $volumes (dict "name" "oidc" "secret" (dict "secretName" (include "oci-mcp.secret" .) "defaultMode" 288)) -}}
{{- end -}}
{{- if .Values.policy -}}
{{- $volumes = append $volumes (dict "name" "policy" "configMap" (dict "name" (include "oci-mcp.name" .))) -}}
{{- end -}}
{{- if .Values.caConfigMap -}}
{{- $volumes = append $volumes (dict "name" "ca" "configMap" (dict "name" .Values.caConfigMap)) -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end -}}
