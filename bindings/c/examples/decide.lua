-- The library from LuaJIT, through its ffi: what a language without a compiler needs to ask. The declarations are those of
-- bailiwick.h; a handle is freed by the garbage collector.
--
--     luajit decide.lua libbailiwick.so POLICIES JWKS ISSUER TOKEN
local ffi = require("ffi")

ffi.cdef [[
typedef struct bw_str { const char *ptr; size_t len; } bw_str;
typedef struct bw_decision { uint32_t size; bool allowed; uint32_t reason; uint64_t revision; } bw_decision;
typedef struct bw_error bw_error;
typedef struct bw_profile bw_profile;
typedef struct bw_config bw_config;
typedef struct bw_engine bw_engine;
typedef struct bw_session bw_session;
typedef struct bw_request bw_request;

const char *bw_error_message(const bw_error *error);
void bw_error_free(bw_error *error);
const char *bw_reason_name(uint32_t reason);
uint32_t bw_profile_new(bw_str issuer, bw_profile **out, bw_error **err);
uint32_t bw_profile_audience(bw_profile *profile, bw_str audience);
uint32_t bw_profile_jwks_file(bw_profile *profile, bw_str path);
void bw_profile_free(bw_profile *profile);
uint32_t bw_config_new(bw_config **out, bw_error **err);
uint32_t bw_config_issuer(bw_config *config, const bw_profile *profile);
void bw_config_free(bw_config *config);
uint32_t bw_engine_open(bw_str directory, const bw_config *config, bw_engine **out, bw_error **err);
void bw_engine_free(bw_engine *engine);
uint32_t bw_authenticate(const bw_engine *engine, bw_str token, bw_str tenant, bw_session **out, bw_error **err);
void bw_session_free(bw_session *session);
uint32_t bw_request_new(bw_request **out, bw_error **err);
uint32_t bw_request_resource(bw_request *request, bw_str type_name, bw_str id);
uint32_t bw_request_context_bool(bw_request *request, bw_str name, bool value);
void bw_request_free(bw_request *request);
uint32_t bw_decide(const bw_session *session, bw_str action, const bw_request *request, bw_decision *decision,
                   bw_error **err);
]]

local library, policies, jwks, issuer, token = unpack(arg)
local bw = ffi.load(library)

local function text(string)
    return ffi.new("bw_str", string, #string)
end

-- Calls a function that hands out an object, which the garbage collector frees; an error becomes Lua's.
local function new(kind, make, ...)
    local out, err = ffi.new(kind .. " *[1]"), ffi.new("bw_error *[1]")
    local arguments = { ... }
    arguments[#arguments + 1] = out
    arguments[#arguments + 1] = err
    if make(unpack(arguments)) ~= 0 then
        local message = ffi.string(bw.bw_error_message(err[0]))
        bw.bw_error_free(err[0])
        error(message, 2)
    end
    return ffi.gc(out[0], bw[kind .. "_free"])
end

local profile = new("bw_profile", bw.bw_profile_new, text(issuer))
bw.bw_profile_audience(profile, text("api"))
bw.bw_profile_jwks_file(profile, text(jwks))
local config = new("bw_config", bw.bw_config_new)
bw.bw_config_issuer(config, profile)
local engine = new("bw_engine", bw.bw_engine_open, text(policies), config)
local session = new("bw_session", bw.bw_authenticate, engine, text(token), text("acme"))
local request = new("bw_request", bw.bw_request_new)

local function decide(action)
    local decision = ffi.new("bw_decision", { size = ffi.sizeof("bw_decision") })
    bw.bw_decide(session, text(action), request, decision, nil)
    print(decision.allowed and "allow" or "deny", action, ffi.string(bw.bw_reason_name(decision.reason)))
end

bw.bw_request_resource(request, text("Rfi"), text("45"))
decide("rfis.view")
decide("rfis.close")
bw.bw_request_context_bool(request, text("mfa"), true)
decide("rfis.close")

local refused, why = pcall(new, "bw_session", bw.bw_authenticate, engine, text(token), text("globex"))
print(refused and "a session" or "no session", why)
