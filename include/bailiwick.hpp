// Bailiwick for C++17: owning types over bailiwick.h, and nothing else. Header only; every call is the C call.
//
//     bailiwick::Engine engine = bailiwick::Engine::open("policies");
//     bailiwick::Session session = engine.authenticate(token, "acme");
//     bailiwick::Request request;
//     request.resource("Rfi", "42").context("mfa", true);
//     if (session.decide("rfis.close", request)) { ... }
//
// Failing. What can fail throws bailiwick::Error. With BAILIWICK_NO_EXCEPTIONS defined before the include it returns a
// bailiwick::Result<T> instead: true when it holds a value, which `*result` gives; else `result.error()`. Deciding never
// fails: whatever is wrong is a deny. Steps of builders return the builder; the call that uses it fails if one of them did.
//
// Owning. Objects are moved, not copied, and free what they own. A std::string_view that an object returns lives as long as
// the object. One that has been moved from is empty: using it is a deny, or an error of BW_NULL_ARGUMENT.
//
// Threads. As in C: const members may be called from several threads at once, others need the object for themselves.
#ifndef BAILIWICK_HPP
#define BAILIWICK_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#ifndef BAILIWICK_NO_EXCEPTIONS
#include <stdexcept>
#endif

#include "bailiwick.h"

namespace bailiwick {

namespace detail {

inline bw_str lend(std::string_view text) noexcept { return bw_str{text.data(), text.size()}; }

// Text that is there even when it is empty: a default-made view has no pointer.
inline bw_str present(std::string_view text) noexcept { return bw_str{text.data() ? text.data() : "", text.size()}; }

inline std::string_view view(bw_str text) noexcept
{
    return text.ptr ? std::string_view(text.ptr, text.len) : std::string_view();
}

inline std::optional<std::string_view> maybe(bw_str text) noexcept
{
    return text.ptr ? std::optional<std::string_view>(view(text)) : std::nullopt;
}

template <class T, void (*Free)(T *)> struct Freer {
    void operator()(T *object) const noexcept { Free(object); }
};

template <class T, void (*Free)(T *)> using Handle = std::unique_ptr<T, Freer<T, Free>>;

using ErrorHandle = Handle<bw_error, bw_error_free>;

inline std::vector<bw_str> lend_all(std::initializer_list<std::string_view> items)
{
    std::vector<bw_str> texts;
    texts.reserve(items.size());
    for (std::string_view item : items)
        texts.push_back(lend(item));
    return texts;
}

} // namespace detail

// What went wrong: a stable code, a message, and what can be done about it.
#ifdef BAILIWICK_NO_EXCEPTIONS
class Error {
public:
    Error(bw_status status, bw_error *error) : handle_(error), code_(status) {}
    const char *what() const noexcept { return bw_error_message(handle_.get()); }
#else
class Error : public std::runtime_error {
public:
    Error(bw_status status, bw_error *error)
        : std::runtime_error(bw_error_message(error)), handle_(error, bw_error_free), code_(status)
    {
    }
#endif
    bw_status code() const noexcept { return code_; }
    std::string_view name() const noexcept { return bw_status_name(code_); }
    // Several lines: message, source excerpt, help, and what else was found.
    std::string_view report() const noexcept { return bw_error_report(handle_.get()); }
    std::string_view help() const noexcept { return detail::view(bw_error_help(handle_.get())); }
    std::string_view file() const noexcept { return detail::view(bw_error_file(handle_.get())); }
    std::size_t line() const noexcept { return bw_error_line(handle_.get()); }
    const bw_error *get() const noexcept { return handle_.get(); }

private:
#ifdef BAILIWICK_NO_EXCEPTIONS
    detail::ErrorHandle handle_;
#else
    // Exceptions are copied while they fly.
    std::shared_ptr<bw_error> handle_;
#endif
    bw_status code_;
};

#ifdef BAILIWICK_NO_EXCEPTIONS
// A value, or the error in its place.
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : error_(std::move(error)) {}
    explicit operator bool() const noexcept { return value_.has_value(); }
    T &operator*() & { return *value_; }
    T operator*() && { return std::move(*value_); }
    T *operator->() { return &*value_; }
    const Error &error() const { return *error_; }

private:
    std::optional<T> value_;
    std::optional<Error> error_;
};
#else
template <class T> using Result = T;
#endif

// What a call gives that has nothing to give.
struct Done {};

namespace detail {

template <class T, class Make> Result<T> result(bw_status status, bw_error *error, Make make)
{
    if (status == BW_OK)
        return Result<T>(make());
#ifdef BAILIWICK_NO_EXCEPTIONS
    return Result<T>(Error(status, error));
#else
    throw Error(status, error);
#endif
}

// A call that hands out an object.
template <class T, class Call> Result<T> made(Call call)
{
    typename T::Raw *object = nullptr;
    bw_error *error = nullptr;
    const bw_status status = call(&object, &error);
    return result<T>(status, error, [object] { return T(object); });
}

// A call that hands out nothing.
template <class Call> Result<Done> done(Call call)
{
    bw_error *error = nullptr;
    const bw_status status = call(&error);
    return result<Done>(status, error, [] { return Done(); });
}

// A call that hands out a string.
template <class Call> Result<std::string> written(Call call)
{
    char *text = nullptr;
    bw_error *error = nullptr;
    const bw_status status = call(&text, &error);
    const Handle<char, bw_string_free> owner(text);
    return result<std::string>(status, error, [text] { return std::string(text); });
}

} // namespace detail

// An object of the library: what all of them have in common.
template <class T, void (*Free)(T *)> class Object {
public:
    using Raw = T;
    explicit Object(T *object = nullptr) noexcept : handle_(object) {}
    T *get() const noexcept { return handle_.get(); }
    T *release() noexcept { return handle_.release(); }
    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

private:
    detail::Handle<T, Free> handle_;
};

// A clock that stands still until it is moved: for tests.
class Clock : public Object<bw_clock, bw_clock_free> {
public:
    using Object::Object;
    static Result<Clock> fixed(std::int64_t seconds)
    {
        return detail::made<Clock>([=](auto out, auto err) { return bw_clock_fixed(seconds, out, err); });
    }
    void advance(std::int64_t seconds) const noexcept { bw_clock_advance(get(), seconds); }
};

// An issuer's public keys.
class Keys : public Object<bw_keys, bw_keys_free> {
public:
    using Object::Object;
    static Result<Keys> from_jwks(std::string_view jwks)
    {
        return detail::made<Keys>([=](auto out, auto err) { return bw_keys_from_jwks(detail::lend(jwks), out, err); });
    }
    static Result<Keys> from_file(std::string_view path)
    {
        return detail::made<Keys>([=](auto out, auto err) { return bw_keys_from_file(detail::lend(path), out, err); });
    }
    static Result<Keys> from_secret_jwks(std::string_view jwks)
    {
        return detail::made<Keys>(
            [=](auto out, auto err) { return bw_keys_from_secret_jwks(detail::lend(jwks), out, err); });
    }
    std::size_t count() const noexcept { return bw_keys_count(get()); }
    // What was skipped and why.
    std::vector<std::string> warnings() const
    {
        std::vector<std::string> all;
        for (std::size_t at = 0; at < bw_keys_warning_count(get()); at++)
            all.emplace_back(detail::view(bw_keys_warning(get(), at)));
        return all;
    }
};

// A private key that signs tokens.
class SigningKey : public Object<bw_signing_key, bw_signing_key_free> {
public:
    using Object::Object;
    static Result<SigningKey> generate_ed25519(std::string_view key_id)
    {
        return detail::made<SigningKey>(
            [=](auto out, auto err) { return bw_signing_key_generate_ed25519(detail::lend(key_id), out, err); });
    }
    static Result<SigningKey> generate_es256(std::string_view key_id)
    {
        return detail::made<SigningKey>(
            [=](auto out, auto err) { return bw_signing_key_generate_es256(detail::lend(key_id), out, err); });
    }
    Result<std::string> jwks() const
    {
        return detail::written([this](auto out, auto err) { return bw_signing_key_jwks(get(), out, err); });
    }
    Result<std::string> sign(std::string_view claims, std::string_view token_type = "at+jwt") const
    {
        return detail::written([=](auto out, auto err) {
            return bw_signing_key_sign(get(), detail::lend(claims), detail::lend(token_type), out, err);
        });
    }
};

// The platform's own signing keys.
class KeyRing : public Object<bw_key_ring, bw_key_ring_free> {
public:
    using Object::Object;
    static Result<KeyRing> make()
    {
        return detail::made<KeyRing>([](auto out, auto err) { return bw_key_ring_new(nullptr, out, err); });
    }
    static Result<KeyRing> make(const Clock &clock)
    {
        return detail::made<KeyRing>([&](auto out, auto err) { return bw_key_ring_new(clock.get(), out, err); });
    }
    // The ids of the keys that these make, or let sign.
    Result<std::string> stage(std::string_view algorithm) const
    {
        return detail::written(
            [=](auto out, auto err) { return bw_key_ring_stage(get(), detail::lend(algorithm), out, err); });
    }
    Result<std::string> rotate(std::string_view algorithm) const
    {
        return detail::written(
            [=](auto out, auto err) { return bw_key_ring_rotate(get(), detail::lend(algorithm), out, err); });
    }
    Result<Done> promote(std::string_view key_id) const
    {
        return detail::done([=](auto err) { return bw_key_ring_promote(get(), detail::lend(key_id), err); });
    }
    Result<Done> retire(std::string_view key_id) const
    {
        return detail::done([=](auto err) { return bw_key_ring_retire(get(), detail::lend(key_id), err); });
    }
    Result<Done> compromise(std::string_view key_id) const
    {
        return detail::done([=](auto err) { return bw_key_ring_compromise(get(), detail::lend(key_id), err); });
    }
    Result<std::string> keys_json() const
    {
        return detail::written([this](auto out, auto err) { return bw_key_ring_keys_json(get(), out, err); });
    }
    Result<std::string> jwks() const
    {
        return detail::written([this](auto out, auto err) { return bw_key_ring_jwks(get(), out, err); });
    }
    Result<std::string> mint(std::string_view claims) const
    {
        return detail::written(
            [=](auto out, auto err) { return bw_key_ring_mint(get(), detail::lend(claims), out, err); });
    }
};

// Records of decisions and changes, and counters of usage. `settings` and the sink are those of bw_audit_new.
class Audit : public Object<bw_audit, bw_audit_free> {
public:
    using Object::Object;
    static Result<Audit> make(std::string_view settings = "{}", bw_audit_sink sink = nullptr, void *user_data = nullptr)
    {
        return detail::made<Audit>([=](auto out, auto err) {
            return bw_audit_new(detail::present(settings), sink, user_data, out, err);
        });
    }
    Result<std::string> usage_json(std::string_view tenant) const
    {
        return detail::written(
            [=](auto out, auto err) { return bw_audit_usage_json(get(), detail::lend(tenant), out, err); });
    }
    Result<std::string> recent_json(std::size_t limit) const
    {
        return detail::written([=](auto out, auto err) { return bw_audit_recent_json(get(), limit, out, err); });
    }
    void flush() const noexcept { bw_audit_flush(get()); }
    std::uint64_t lost() const noexcept { return bw_audit_lost(get()); }
};

// An HTTP response, to be sent as it is.
class Reply : public Object<bw_reply, bw_reply_free> {
public:
    using Object::Object;
    std::uint32_t status() const noexcept { return bw_reply_status(get()); }
    std::string_view body() const noexcept { return detail::view(bw_reply_body(get())); }
    std::vector<std::pair<std::string_view, std::string_view>> headers() const
    {
        std::vector<std::pair<std::string_view, std::string_view>> all;
        for (std::size_t at = 0; at < bw_reply_header_count(get()); at++)
            all.emplace_back(detail::view(bw_reply_header_name(get(), at)), detail::view(bw_reply_header_value(get(), at)));
        return all;
    }
};

// A valid request to the authorization endpoint; or, where `refused` is set, the reply to send instead.
class Authorization : public Object<bw_authorization, bw_authorization_free> {
public:
    using Object::Object;
    Reply refused;
    std::string_view app() const noexcept { return detail::view(bw_authorization_app(get())); }
    std::string_view app_name() const noexcept { return detail::view(bw_authorization_app_name(get())); }
    std::string_view redirect_uri() const noexcept { return detail::view(bw_authorization_redirect_uri(get())); }
    std::vector<std::string_view> scopes() const
    {
        std::vector<std::string_view> all;
        for (std::size_t at = 0; at < bw_authorization_scope_count(get()); at++)
            all.push_back(detail::view(bw_authorization_scope(get(), at)));
        return all;
    }
};

// What to demand of one issuer's tokens: a builder.
class Profile : public Object<bw_profile, bw_profile_free> {
public:
    explicit Profile(bw_profile *profile) noexcept : Object(profile) {}
    explicit Profile(std::string_view issuer) : Object(begin(issuer)) {}
    // The settings for a provider's tokens; see bw_profile_of.
    static Result<Profile> of(std::string_view provider, std::string_view issuer)
    {
        return detail::made<Profile>([=](auto out, auto err) {
            return bw_profile_of(detail::lend(provider), detail::lend(issuer), out, err);
        });
    }
    Profile &audience(std::string_view audience) { return step(bw_profile_audience(get(), detail::lend(audience))); }
    Profile &keys(const Keys &keys) { return step(bw_profile_keys(get(), keys.get())); }
    // Keys that a function gets; see bw_profile_keys_callback.
    Profile &keys(bw_keys_callback get_keys, void *user_data)
    {
        return step(bw_profile_keys_callback(get(), get_keys, user_data));
    }
    Profile &jwks(std::string_view jwks) { return step(bw_profile_jwks(get(), detail::lend(jwks))); }
    Profile &jwks_file(std::string_view path) { return step(bw_profile_jwks_file(get(), detail::lend(path))); }
    Profile &encryption_keys(std::string_view jwks) { return step(bw_profile_encryption_keys(get(), detail::lend(jwks))); }
    Profile &algorithms(std::initializer_list<std::string_view> names)
    {
        const auto texts = detail::lend_all(names);
        return step(bw_profile_algorithms(get(), texts.data(), texts.size()));
    }
    Profile &token_types(std::initializer_list<std::string_view> types)
    {
        const auto texts = detail::lend_all(types);
        return step(bw_profile_token_types(get(), texts.data(), texts.size()));
    }
    Profile &accept_untyped() { return step(bw_profile_accept_untyped(get())); }
    Profile &leeway(std::chrono::seconds by)
    {
        return step(bw_profile_leeway(get(), static_cast<std::uint32_t>(by.count())));
    }
    Profile &max_lifetime(std::chrono::seconds time)
    {
        return step(bw_profile_max_lifetime(get(), static_cast<std::uint32_t>(time.count())));
    }
    Profile &require(std::string_view claim) { return step(bw_profile_require(get(), detail::lend(claim))); }
    Profile &principal_claim(std::string_view claim)
    {
        return step(bw_profile_principal_claim(get(), detail::lend(claim)));
    }
    Profile &client_claims(std::initializer_list<std::string_view> claims)
    {
        const auto texts = detail::lend_all(claims);
        return step(bw_profile_client_claims(get(), texts.data(), texts.size()));
    }
    Profile &tenant_claim(std::string_view claim) { return step(bw_profile_tenant_claim(get(), detail::lend(claim))); }
    Profile &tenant_from_request() { return step(bw_profile_tenant_from_request(get())); }
    Profile &scope_claims(std::initializer_list<std::string_view> claims)
    {
        const auto texts = detail::lend_all(claims);
        return step(bw_profile_scope_claims(get(), texts.data(), texts.size()));
    }
    Profile &service_account_when(std::string_view claim, std::string_view value)
    {
        return step(bw_profile_service_account_when(get(), detail::lend(claim), detail::lend(value)));
    }
    Profile &context_claim(std::string_view attribute, std::string_view claim, std::string_view expected)
    {
        return step(bw_profile_context_claim(get(), detail::lend(attribute), detail::lend(claim), detail::lend(expected)));
    }

private:
    static bw_profile *begin(std::string_view issuer)
    {
        bw_profile *profile = nullptr;
        bw_profile_new(detail::lend(issuer), &profile, nullptr);
        return profile;
    }
    Profile &step(bw_status) noexcept { return *this; }
};

// Policy texts, schema, entities and links in memory: a builder.
class Source : public Object<bw_source, bw_source_free> {
public:
    explicit Source(bw_source *source) noexcept : Object(source) {}
    Source() : Object(begin()) {}
    static Result<Source> directory(std::string_view path)
    {
        return detail::made<Source>(
            [=](auto out, auto err) { return bw_source_directory(detail::lend(path), out, err); });
    }
    Source &cedar(std::string_view name, std::string_view text)
    {
        return step(bw_source_cedar(get(), detail::lend(name), detail::lend(text)));
    }
    Source &schema(std::string_view name, std::string_view text)
    {
        return step(bw_source_schema(get(), detail::lend(name), detail::lend(text)));
    }
    Source &schema_json(std::string_view name, std::string_view text)
    {
        return step(bw_source_schema_json(get(), detail::lend(name), detail::lend(text)));
    }
    Source &entities(std::string_view name, std::string_view text)
    {
        return step(bw_source_entities(get(), detail::lend(name), detail::lend(text)));
    }
    Source &links(std::string_view name, std::string_view text)
    {
        return step(bw_source_links(get(), detail::lend(name), detail::lend(text)));
    }

private:
    static bw_source *begin()
    {
        bw_source *source = nullptr;
        bw_source_new(&source, nullptr);
        return source;
    }
    Source &step(bw_status) noexcept { return *this; }
};

// The issuers that an engine trusts, and where it takes the time from: a builder.
class Config : public Object<bw_config, bw_config_free> {
public:
    explicit Config(bw_config *config) noexcept : Object(config) {}
    Config() : Object(begin()) {}
    Config &issuer(const Profile &profile)
    {
        bw_config_issuer(get(), profile.get());
        return *this;
    }
    Config &clock(const Clock &clock)
    {
        bw_config_clock(get(), clock.get());
        return *this;
    }
    // Keeps the platform's state in an SQLite file; with `follow` another process writes it.
    Config &store(std::string_view path, bool follow = false)
    {
        bw_config_store(get(), detail::lend(path), follow);
        return *this;
    }
    Config &max_staleness(std::chrono::seconds time)
    {
        bw_config_max_staleness(get(), static_cast<std::uint32_t>(time.count()));
        return *this;
    }
    // 32 random bytes.
    Config &host_key(std::string_view key)
    {
        bw_config_host_key(get(), detail::lend(key));
        return *this;
    }
    // Makes the engine an authorization server; see bw_config_oauth.
    Config &oauth(std::string_view settings, const KeyRing &ring)
    {
        bw_config_oauth(get(), detail::lend(settings), ring.get());
        return *this;
    }
    Config &audit(const Audit &audit)
    {
        bw_config_audit(get(), audit.get());
        return *this;
    }

private:
    static bw_config *begin()
    {
        bw_config *config = nullptr;
        bw_config_new(&config, nullptr);
        return config;
    }
};

// Values that are not bool, integer or text.
struct Entity {
    std::string_view type, id;
};
struct Ip {
    std::string_view text;
};
struct Decimal {
    std::string_view text;
};
struct Json {
    std::string_view text;
};
using Datetime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// The resource, the context and the entities of a decision: a builder that is used again and again. A step that fails makes
// every decision with it a deny until it is cleared.
class Request : public Object<bw_request, bw_request_free> {
    template <class T>
    using IfInteger = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8, int>;

public:
    explicit Request(bw_request *request) noexcept : Object(request) {}
    Request() : Object(begin()) {}

    Request &clear() noexcept { return step(bw_request_clear(get())); }
    Request &resource(std::string_view type, std::string_view id) noexcept
    {
        return step(bw_request_resource(get(), detail::lend(type), detail::lend(id)));
    }
    Request &bring_resource(std::string_view type, std::string_view id) noexcept
    {
        return step(bw_request_bring_resource(get(), detail::lend(type), detail::lend(id)));
    }
    Request &bring_resource(Json entity) noexcept
    {
        return step(bw_request_bring_resource_json(get(), detail::lend(entity.text)));
    }
    Request &bring_entity(std::string_view type, std::string_view id) noexcept
    {
        return step(bw_request_bring_entity(get(), detail::lend(type), detail::lend(id)));
    }
    Request &bring_entity(Json entity) noexcept
    {
        return step(bw_request_bring_entity_json(get(), detail::lend(entity.text)));
    }
    Request &parent(std::string_view type, std::string_view id) noexcept
    {
        return step(bw_request_parent(get(), detail::lend(type), detail::lend(id)));
    }
    Request &tag(std::string_view name, std::string_view value) noexcept
    {
        return step(bw_request_tag_string(get(), detail::lend(name), detail::lend(value)));
    }
    Request &tag(std::string_view name, Json value) noexcept
    {
        return step(bw_request_tag_json(get(), detail::lend(name), detail::lend(value.text)));
    }
    // Every member of a JSON object.
    Request &context(Json object) noexcept { return step(bw_request_context_object(get(), detail::lend(object.text))); }

    // A pointer would be taken for a bool.
    Request &context(std::string_view name, const char *value) noexcept { return context(name, std::string_view(value)); }
    Request &attr(std::string_view name, const char *value) noexcept { return attr(name, std::string_view(value)); }

#define BAILIWICK_SETTERS(setter)                                                                                      \
    template <class T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>                                             \
    Request &setter(std::string_view name, T value) noexcept                                                           \
    {                                                                                                                  \
        return step(bw_request_##setter##_bool(get(), detail::lend(name), value));                                     \
    }                                                                                                                  \
    template <class T, IfInteger<T> = 0> Request &setter(std::string_view name, T value) noexcept                      \
    {                                                                                                                  \
        return step(bw_request_##setter##_long(get(), detail::lend(name), static_cast<std::int64_t>(value)));          \
    }                                                                                                                  \
    Request &setter(std::string_view name, std::string_view value) noexcept                                            \
    {                                                                                                                  \
        return step(bw_request_##setter##_string(get(), detail::lend(name), detail::lend(value)));                     \
    }                                                                                                                  \
    Request &setter(std::string_view name, Entity value) noexcept                                                      \
    {                                                                                                                  \
        return step(bw_request_##setter##_entity(get(), detail::lend(name), detail::lend(value.type),                  \
                                                 detail::lend(value.id)));                                             \
    }                                                                                                                  \
    Request &setter(std::string_view name, Ip value) noexcept                                                          \
    {                                                                                                                  \
        return step(bw_request_##setter##_ip(get(), detail::lend(name), detail::lend(value.text)));                    \
    }                                                                                                                  \
    Request &setter(std::string_view name, Decimal value) noexcept                                                     \
    {                                                                                                                  \
        return step(bw_request_##setter##_decimal(get(), detail::lend(name), detail::lend(value.text)));               \
    }                                                                                                                  \
    Request &setter(std::string_view name, Datetime value) noexcept                                                    \
    {                                                                                                                  \
        return step(bw_request_##setter##_datetime(get(), detail::lend(name), value.time_since_epoch().count()));      \
    }                                                                                                                  \
    Request &setter(std::string_view name, Duration value) noexcept                                                    \
    {                                                                                                                  \
        return step(bw_request_##setter##_duration(get(), detail::lend(name), value.count()));                         \
    }                                                                                                                  \
    Request &setter(std::string_view name, Json value) noexcept                                                        \
    {                                                                                                                  \
        return step(bw_request_##setter##_json(get(), detail::lend(name), detail::lend(value.text)));                  \
    }
    BAILIWICK_SETTERS(context)
    BAILIWICK_SETTERS(attr)
#undef BAILIWICK_SETTERS

private:
    static bw_request *begin() noexcept
    {
        bw_request *request = nullptr;
        bw_request_new(&request, nullptr);
        return request;
    }
    Request &step(bw_status) noexcept { return *this; }
};

// The outcome of a decision; true when it is an allow.
class [[nodiscard]] Decision {
public:
    explicit operator bool() const noexcept { return raw_.allowed; }
    bool allowed() const noexcept { return raw_.allowed; }
    bw_reason reason() const noexcept { return raw_.reason; }
    std::string_view reason_name() const noexcept { return bw_reason_name(raw_.reason); }
    bool is_outside_bailiwick() const noexcept { return bw_reason_is_outside_bailiwick(raw_.reason); }
    std::uint64_t revision() const noexcept { return raw_.revision; }
    bw_decision *raw() noexcept { return &raw_; }

private:
    bw_decision raw_ = BW_DECISION_INIT;
};

inline std::ostream &operator<<(std::ostream &out, const Decision &decision)
{
    return out << (decision ? "allow: " : "deny: ") << decision.reason_name();
}

// What a decision was made of.
class Details : public Object<bw_details, bw_details_free> {
public:
    using Object::Object;
    std::string_view message() const noexcept { return bw_details_message(get()); }
    std::vector<std::string_view> policies() const
    {
        std::vector<std::string_view> ids;
        for (std::size_t at = 0; at < bw_details_policy_count(get()); at++)
            ids.push_back(detail::view(bw_details_policy(get(), at)));
        return ids;
    }
    // Policies that could not be evaluated, with what failed in them.
    std::vector<std::pair<std::string_view, std::string_view>> failed() const
    {
        std::vector<std::pair<std::string_view, std::string_view>> all;
        for (std::size_t at = 0; at < bw_details_failed_count(get()); at++)
            all.emplace_back(detail::view(bw_details_failed_policy(get(), at)),
                             detail::view(bw_details_failed_message(get(), at)));
        return all;
    }
};

// What an authenticated caller may ask.
class Session : public Object<bw_session, bw_session_free> {
public:
    using Object::Object;

    // Never fails: whatever is wrong is a deny. `details`, if given, receives what the decision was made of.
    Decision decide(std::string_view action, const Request &request, Details *details = nullptr) const noexcept
    {
        Decision decision;
        if (details) {
            bw_details *found = nullptr;
            bw_decide_detailed(get(), detail::lend(action), request.get(), decision.raw(), &found, nullptr);
            *details = Details(found);
        } else {
            bw_decide(get(), detail::lend(action), request.get(), decision.raw(), nullptr);
        }
        return decision;
    }
    bool allows(std::string_view action, const Request &request) const noexcept
    {
        return bw_allows(get(), detail::lend(action), request.get());
    }
    // The requests that are allowed, in their order.
    std::vector<const Request *> filter(std::string_view action, const std::vector<const Request *> &requests) const
    {
        std::vector<const bw_request *> raw;
        raw.reserve(requests.size());
        for (const Request *request : requests)
            raw.push_back(request ? request->get() : nullptr);
        const std::unique_ptr<bool[]> allowed(new bool[requests.size()]());
        bw_filter(get(), detail::lend(action), raw.data(), raw.size(), allowed.get(), nullptr, nullptr);
        std::vector<const Request *> kept;
        for (std::size_t at = 0; at < requests.size(); at++)
            if (allowed[at])
                kept.push_back(requests[at]);
        return kept;
    }
    Result<std::string> explain(std::string_view action, const Request &request) const
    {
        return detail::written([&](auto out, auto err) {
            return bw_explain(get(), detail::lend(action), request.get(), out, err);
        });
    }
    Result<std::string> explain_json(std::string_view action, const Request &request) const
    {
        return detail::written([&](auto out, auto err) {
            return bw_explain_json(get(), detail::lend(action), request.get(), out, err);
        });
    }

    Entity principal() const noexcept
    {
        return {detail::view(bw_session_principal_type(get())), detail::view(bw_session_principal_id(get()))};
    }
    std::optional<std::string_view> tenant() const noexcept { return detail::maybe(bw_session_tenant(get())); }
    std::optional<std::string_view> app() const noexcept { return detail::maybe(bw_session_app(get())); }
    bool is_first_party() const noexcept { return bw_session_is_first_party(get()); }
    std::vector<std::string_view> scopes() const
    {
        std::vector<std::string_view> all;
        for (std::size_t at = 0; at < bw_session_scope_count(get()); at++)
            all.push_back(detail::view(bw_session_scope(get(), at)));
        return all;
    }
    // In seconds since the Unix epoch; none when the session does not end.
    std::optional<std::int64_t> expires() const noexcept
    {
        const std::int64_t at = bw_session_expires(get());
        return at == BW_NEVER ? std::nullopt : std::optional<std::int64_t>(at);
    }
};

// A tenant's id, or none for schemas without tenants.
using Tenant = std::optional<std::string_view>;

// Policies, entities and trusted issuers, ready to decide.
class Engine : public Object<bw_engine, bw_engine_free> {
public:
    using Object::Object;
    static Result<Engine> open(std::string_view directory)
    {
        return detail::made<Engine>(
            [=](auto out, auto err) { return bw_engine_open(detail::lend(directory), nullptr, out, err); });
    }
    static Result<Engine> open(std::string_view directory, const Config &config)
    {
        return detail::made<Engine>([&](auto out, auto err) {
            return bw_engine_open(detail::lend(directory), config.get(), out, err);
        });
    }
    static Result<Engine> from_source(const Source &source)
    {
        return detail::made<Engine>(
            [&](auto out, auto err) { return bw_engine_from_source(source.get(), nullptr, out, err); });
    }
    static Result<Engine> from_source(const Source &source, const Config &config)
    {
        return detail::made<Engine>(
            [&](auto out, auto err) { return bw_engine_from_source(source.get(), config.get(), out, err); });
    }

    // A session of a bearer token.
    Result<Session> authenticate(std::string_view token, Tenant tenant) const
    {
        return detail::made<Session>([&](auto out, auto err) {
            return bw_authenticate(get(), detail::lend(token), named(tenant), out, err);
        });
    }
    // The same for a token that is bound to a key or a certificate; `size` is filled in here.
    Result<Session> authenticate(std::string_view token, Tenant tenant, bw_proof proof) const
    {
        proof.size = sizeof proof;
        return detail::made<Session>([&](auto out, auto err) {
            return bw_authenticate_bound(get(), detail::lend(token), named(tenant), &proof, out, err);
        });
    }
    // A first-party session of a user.
    Result<Session> session(std::string_view user, Tenant tenant) const
    {
        return detail::made<Session>([&](auto out, auto err) {
            return bw_session_user(get(), detail::lend(user), named(tenant), out, err);
        });
    }
    // The same for a principal of any type.
    Result<Session> session(Entity principal, Tenant tenant) const
    {
        return detail::made<Session>([&](auto out, auto err) {
            return bw_session_principal(get(), detail::lend(principal.type), detail::lend(principal.id), named(tenant),
                                        out, err);
        });
    }
    // A session for a caller whom the host has authenticated; `size` is filled in here.
    Result<Session> session(bw_identity identity, Tenant tenant) const
    {
        identity.size = sizeof identity;
        return detail::made<Session>(
            [&](auto out, auto err) { return bw_session_identity(get(), &identity, named(tenant), out, err); });
    }

    // Replaces policies, schema and entities as a whole; the new revision.
    Result<std::uint64_t> reload(std::string_view directory) const
    {
        std::uint64_t revision = 0;
        bw_error *error = nullptr;
        const bw_status status = bw_engine_reload(get(), detail::lend(directory), &revision, &error);
        return detail::result<std::uint64_t>(status, error, [revision] { return revision; });
    }
    Result<std::uint64_t> reload(const Source &source) const
    {
        std::uint64_t revision = 0;
        bw_error *error = nullptr;
        const bw_status status = bw_engine_reload_source(get(), source.get(), &revision, &error);
        return detail::result<std::uint64_t>(status, error, [revision] { return revision; });
    }
    std::uint64_t revision() const noexcept { return bw_engine_revision(get()); }

    // Founds the platform: the operator's tenant and its first operator.
    Result<Done> bootstrap(std::string_view tenant, std::string_view name, std::string_view operator_id) const
    {
        return detail::done([=](auto err) {
            return bw_engine_bootstrap(get(), detail::lend(tenant), detail::lend(name), detail::lend(operator_id), err);
        });
    }
    // Carries out an operation of the administration, given and answered in JSON; see bw_administer.
    Result<std::string> administer(const Session &session, std::string_view request) const
    {
        return detail::written([&](auto out, auto err) {
            return bw_administer(get(), session.get(), detail::lend(request), out, err);
        });
    }
    // Answers a request to an endpoint; see bw_oauth.
    Result<Reply> oauth(std::string_view endpoint, std::optional<std::string_view> authorization,
                        std::string_view body) const
    {
        return detail::made<Reply>([&](auto out, auto err) {
            return bw_oauth(get(), detail::lend(endpoint), authorization ? detail::present(*authorization) : bw_none(),
                            detail::lend(body), out, err);
        });
    }
    Result<Authorization> authorize(std::string_view query) const
    {
        bw_authorization *request = nullptr;
        bw_reply *refused = nullptr;
        bw_error *error = nullptr;
        const bw_status status = bw_authorize(get(), detail::lend(query), &request, &refused, &error);
        return detail::result<Authorization>(status, error, [=] {
            Authorization asked(request);
            asked.refused = Reply(refused);
            return asked;
        });
    }
    Result<Reply> consent(const Authorization &request, const Session &session) const
    {
        return detail::made<Reply>([&](auto out, auto err) {
            return bw_authorization_consent(request.get(), get(), session.get(), out, err);
        });
    }
    Result<Reply> decline(const Authorization &request) const
    {
        return detail::made<Reply>(
            [&](auto out, auto err) { return bw_authorization_decline(request.get(), get(), out, err); });
    }

    // Takes in what another process has written to the store.
    Result<Done> follow() const
    {
        return detail::done([this](auto err) { return bw_engine_follow(get(), err); });
    }
    Result<Done> follow_store(std::chrono::milliseconds every) const
    {
        const auto milliseconds = static_cast<std::uint32_t>(every.count());
        return detail::done([=](auto err) { return bw_engine_follow_store(get(), milliseconds, err); });
    }
    Result<Done> flush() const
    {
        return detail::done([this](auto err) { return bw_engine_flush(get(), err); });
    }

private:
    static bw_str named(Tenant tenant) noexcept { return tenant ? detail::present(*tenant) : bw_none(); }
};

} // namespace bailiwick

#endif // BAILIWICK_HPP
