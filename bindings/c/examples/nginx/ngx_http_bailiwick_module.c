/*
 * An nginx module: locations that only the bearers of the right tokens may enter.
 *
 *     load_module modules/ngx_http_bailiwick_module.so;
 *     http {
 *         bailiwick_policies /etc/bailiwick/policies;
 *         bailiwick_issuer   https://id.example.com api /etc/bailiwick/jwks.json;      # issuer, audience, key set
 *         server {
 *             location ~ ^/companies/(?<company>[^/]+)/rfis/(?<rfi>[^/]+)$ {
 *                 bailiwick rfis.view Rfi $rfi tenant=$company;                        # action, resource, tenant
 *                 proxy_pass http://application;
 *             }
 *         }
 *     }
 *
 * A request without a good token gets 401, one that is denied 403; `$bailiwick_reason` says why, for logs and headers. The
 * policies are loaded when the configuration is: `nginx -t` checks them, and a reload of nginx reloads them. The decision
 * itself waits for nothing.
 */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "bailiwick.h"

typedef struct {
    ngx_str_t policies;
    bw_config *config;
    bw_engine *engine;
} main_conf_t;

typedef struct {
    ngx_str_t action;
    ngx_str_t type;
    ngx_http_complex_value_t *id;
    ngx_http_complex_value_t *tenant;
} location_conf_t;

typedef struct {
    const char *reason;
} context_t;

extern ngx_module_t ngx_http_bailiwick_module;

static bw_str text(ngx_str_t string)
{
    bw_str lent = {(const char *)string.data, string.len};
    return lent;
}

/* Says what went wrong in nginx's own log, and frees the error. */
static char *complain(ngx_conf_t *cf, bw_error *err)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "bailiwick: %s", bw_error_report(err));
    bw_error_free(err);
    return NGX_CONF_ERROR;
}

static void release(void *data)
{
    main_conf_t *conf = data;
    bw_engine_free(conf->engine);
    bw_config_free(conf->config);
}

static void *create_main_conf(ngx_conf_t *cf)
{
    main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (conf == NULL || cleanup == NULL || bw_config_new(&conf->config, NULL) != BW_OK)
        return NULL;
    cleanup->handler = release;
    cleanup->data = conf;
    return conf;
}

static void *create_location_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(location_conf_t));
}

/* A location without a guard of its own has that of the one around it. */
static char *merge_location_conf(ngx_conf_t *cf, void *parent, void *child)
{
    location_conf_t *outer = parent, *inner = child;
    (void)cf;
    if (inner->id == NULL)
        *inner = *outer;
    return NGX_CONF_OK;
}

static char *set_issuer(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    main_conf_t *conf = data;
    ngx_str_t *values = cf->args->elts;
    bw_profile *profile = NULL;
    bw_error *err = NULL;
    (void)command;
    if (bw_profile_new(text(values[1]), &profile, &err))
        return complain(cf, err);
    bw_profile_audience(profile, text(values[2]));
    bw_profile_jwks_file(profile, text(values[3]));
    /* A file that cannot be read fails the engine. */
    bw_config_issuer(conf->config, profile);
    bw_profile_free(profile);
    return NGX_CONF_OK;
}

static ngx_http_complex_value_t *compile(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_http_compile_complex_value_t compiling;
    ngx_http_complex_value_t *compiled = ngx_pcalloc(cf->pool, sizeof *compiled);
    ngx_memzero(&compiling, sizeof compiling);
    compiling.cf = cf;
    compiling.value = value;
    compiling.complex_value = compiled;
    return compiled != NULL && ngx_http_compile_complex_value(&compiling) == NGX_OK ? compiled : NULL;
}

static char *set_guard(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    location_conf_t *conf = data;
    ngx_str_t *values = cf->args->elts;
    (void)command;
    if (conf->id != NULL)
        return "is given twice";
    conf->action = values[1];
    conf->type = values[2];
    conf->id = compile(cf, &values[3]);
    if (cf->args->nelts == 5) {
        if (values[4].len <= 7 || ngx_strncmp(values[4].data, "tenant=", 7) != 0)
            return "takes tenant=… as its last argument";
        values[4].data += 7;
        values[4].len -= 7;
        conf->tenant = compile(cf, &values[4]);
    }
    return conf->id == NULL || (cf->args->nelts == 5 && conf->tenant == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}

/* The token of `Authorization: Bearer …`; nginx itself refuses a second such header. */
static bw_str token_of(ngx_http_request_t *r)
{
    ngx_table_elt_t *header = r->headers_in.authorization;
    if (header == NULL || header->value.len <= 7 || ngx_strncasecmp(header->value.data, (u_char *)"Bearer ", 7) != 0)
        return bw_none();
    const ngx_str_t token = {header->value.len - 7, header->value.data + 7};
    return text(token);
}

static ngx_int_t refuse(ngx_http_request_t *r, ngx_str_t challenge)
{
    ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);
    if (header == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    ngx_memzero(header, sizeof *header);
    header->hash = 1;
    ngx_str_set(&header->key, "WWW-Authenticate");
    header->value = challenge;
    r->headers_out.www_authenticate = header;
    return NGX_HTTP_UNAUTHORIZED;
}

static ngx_int_t decide(const location_conf_t *conf, const bw_session *session, ngx_http_request_t *r, context_t *context)
{
    ngx_str_t id;
    bw_request *request = NULL;
    bw_decision decision = BW_DECISION_INIT;
    if (ngx_http_complex_value(r, conf->id, &id) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    bw_request_new(&request, NULL);
    bw_request_resource(request, text(conf->type), text(id));
    bw_decide(session, text(conf->action), request, &decision, NULL);
    bw_request_free(request);
    context->reason = bw_reason_name(decision.reason);
    return decision.allowed ? NGX_OK : NGX_HTTP_FORBIDDEN;
}

static ngx_int_t access_handler(ngx_http_request_t *r)
{
    const location_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_bailiwick_module);
    const main_conf_t *shared = ngx_http_get_module_main_conf(r, ngx_http_bailiwick_module);
    ngx_str_t needs_token = ngx_string("Bearer"), bad_token = ngx_string("Bearer error=\"invalid_token\"");
    ngx_str_t tenant = ngx_null_string;
    bw_session *session = NULL;
    if (conf->id == NULL)
        return NGX_DECLINED;
    context_t *context = ngx_pcalloc(r->pool, sizeof *context);
    if (context == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    ngx_http_set_ctx(r, context, ngx_http_bailiwick_module);

    const bw_str token = token_of(r);
    if (token.ptr == NULL) {
        context->reason = "no_token";
        return refuse(r, needs_token);
    }
    if (conf->tenant != NULL && ngx_http_complex_value(r, conf->tenant, &tenant) != NGX_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    const bw_str named = conf->tenant != NULL ? (bw_str){tenant.data ? (char *)tenant.data : "", tenant.len} : bw_none();
    const bw_status status = bw_authenticate(shared->engine, token, named, &session, NULL);
    if (status != BW_OK) {
        context->reason = bw_status_name(status);
        return refuse(r, bad_token);
    }
    const ngx_int_t answer = decide(conf, session, r, context);
    bw_session_free(session);
    return answer;
}

static ngx_int_t reason_variable(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t unused)
{
    const context_t *context = ngx_http_get_module_ctx(r, ngx_http_bailiwick_module);
    (void)unused;
    value->valid = 1;
    value->no_cacheable = 1;
    value->not_found = context == NULL || context->reason == NULL;
    if (!value->not_found) {
        value->data = (u_char *)context->reason;
        value->len = ngx_strlen(context->reason);
    }
    return NGX_OK;
}

static ngx_int_t add_variables(ngx_conf_t *cf)
{
    ngx_str_t name = ngx_string("bailiwick_reason");
    ngx_http_variable_t *variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == NULL)
        return NGX_ERROR;
    variable->get_handler = reason_variable;
    return NGX_OK;
}

/* Loads the policies and hangs the guard into the access phase. */
static ngx_int_t initialise(ngx_conf_t *cf)
{
    main_conf_t *conf = ngx_http_conf_get_module_main_conf(cf, ngx_http_bailiwick_module);
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    bw_error *err = NULL;
    /* Without policies there is no engine, and every guarded location answers 401. */
    if (conf->policies.len != 0 && bw_engine_open(text(conf->policies), conf->config, &conf->engine, &err)) {
        complain(cf, err);
        return NGX_ERROR;
    }
    ngx_http_handler_pt *handler = ngx_array_push(&core->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (handler == NULL)
        return NGX_ERROR;
    *handler = access_handler;
    return NGX_OK;
}

static ngx_command_t commands[] = {
    {ngx_string("bailiwick_policies"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, ngx_conf_set_str_slot,
     NGX_HTTP_MAIN_CONF_OFFSET, offsetof(main_conf_t, policies), NULL},
    {ngx_string("bailiwick_issuer"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE3, set_issuer, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL},
    {ngx_string("bailiwick"), NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_TAKE3 | NGX_CONF_TAKE4, set_guard,
     NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    ngx_null_command,
};

static ngx_http_module_t module_context = {
    .preconfiguration = add_variables,
    .postconfiguration = initialise,
    .create_main_conf = create_main_conf,
    .create_loc_conf = create_location_conf,
    .merge_loc_conf = merge_location_conf,
};

ngx_module_t ngx_http_bailiwick_module = {
    NGX_MODULE_V1, &module_context, commands, NGX_HTTP_MODULE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING,
};
