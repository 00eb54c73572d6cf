// bailiwick.hpp over the library: compiled twice, with exceptions and without.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bailiwick.hpp"

using namespace bailiwick;
using namespace std::literals;

static int checked, failed;

#define CHECK(condition) check((condition), __LINE__, #condition)

static void check(bool holds, int line, const char *what)
{
    checked++;
    if (!holds) {
        failed++;
        std::fprintf(stderr, "wrapper.cpp:%d: does not hold: %s\n", line, what);
    }
}

// A value that must be there.
template <class T> static T value(Result<T> &&result)
{
#ifdef BAILIWICK_NO_EXCEPTIONS
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().what());
        std::abort();
    }
    return *std::move(result);
#else
    return std::move(result);
#endif
}

// The code of a call that must fail.
template <class Call> static bw_status code(Call call)
{
#ifdef BAILIWICK_NO_EXCEPTIONS
    auto result = call();
    return result ? BW_OK : result.error().code();
#else
    try {
        call();
        return BW_OK;
    } catch (const Error &error) {
        CHECK(error.what()[0] != '\0' && !error.report().empty() && !error.name().empty());
        return error.code();
    }
#endif
}

static const char SCHEMA[] = R"(
    @bailiwick("tenant") entity Company;
    @bailiwick("user") entity User in [Company];
    @bailiwick("app") entity App;
    entity Rfi in [Company] { private: Bool, owner?: User, state?: String, number?: Long, from?: ipaddr, cost?: decimal,
        due?: datetime, left?: duration, labels?: Set<String> } tags String;
    @bailiwick("scope") action "rfis:read";
    type Call = { mfa?: Bool, tries?: Long, why?: String, as?: User, from?: ipaddr, cost?: decimal, at?: datetime,
        took?: duration, labels?: Set<String> };
    action "rfis.view" in ["rfis:read"] appliesTo { principal: User, resource: Rfi, context: Call };
)";
static const char RULES[] = R"(
    @id("view") permit (principal, action, resource)
        when { if context has tries then context.tries < 3 else true };
    @id("private") forbid (principal, action, resource) when { resource.private };
)";

int main()
{
    const auto key = value(SigningKey::generate_es256("k1"));
    const auto clock = value(Clock::fixed(1'800'000'000));
    Profile profile("https://id.example.com");
    profile.audience("api").jwks(value(key.jwks())).leeway(30s).algorithms({"ES256"}).token_types({"at+jwt", "JWT"});
    Config config;
    config.issuer(profile).clock(clock);
    Source source;
    source.schema("schema.cedarschema", SCHEMA).cedar("rules.cedar", RULES);
    const auto engine = value(Engine::from_source(source, config));

    auto provided = value(Profile::of("okta", "https://acme.okta.com/oauth2/default"));
    provided.audience("api").keys(value(Keys::from_jwks(value(key.jwks())))).context_claim("mfa", "amr", "contains:mfa");
    provided.encryption_keys(R"({"keys": [{"kty": "oct", "kid": "e1", "alg": "A128GCMKW", "k": "AAECAwQFBgcICQoLDA0ODw"}]})");
    CHECK(code([&] { return Engine::from_source(source, Config().issuer(provided)); }) == BW_OK);
    CHECK(code([] { return Profile::of("nobody", "https://id.example.com"); }) == BW_CONFIGURATION);
    CHECK(code([] { return Keys::from_secret_jwks(R"({"keys": [{"kty": "oct", "alg": "HS256", "k": "c2VjcmV0"}]})"); }) ==
          BW_KEY_INVALID);

    const auto token = value(key.sign(R"({"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "web",
        "tenant": "acme", "scope": "rfis:read", "exp": 1800000600})"));
    const auto session = value(engine.authenticate(token, "acme"));
    CHECK(session.principal().type == "User" && session.principal().id == "ana");
    CHECK(session.tenant() == "acme" && session.app() == "web" && !session.is_first_party());
    CHECK(session.scopes() == std::vector<std::string_view>{"rfis:read"} && session.expires() >= 1'800'000'600);
    CHECK(code([&] { return engine.authenticate(token, "globex"); }) == BW_TOKEN_TENANT);
    CHECK(code([&] { return engine.authenticate(token + "x", "acme"); }) != BW_OK);
    CHECK(code([&] { return engine.session("ana", std::nullopt); }) == BW_CONFIGURATION);
    CHECK(code([&] { return engine.session("ana", ""); }) == BW_CONFIGURATION);
    CHECK(code([&] { return Engine::open("no/such/directory"); }) == BW_IO);

    Request request;
    request.bring_resource("Rfi", "1").parent("Company", "acme");
    request.attr("private", false).attr("owner", Entity{"User", "ana"}).attr("state", "open").attr("number", 7u);
    request.attr("from", Ip{"10.0.0.0/8"}).attr("cost", Decimal{"1.5"}).attr("due", Datetime(5s)).attr("left", 5s);
    request.attr("labels", Json{"[\"a\"]"}).tag("for", "all").tag("by", Json{"\"x\""});
    request.context("mfa", true).context("tries", 2).context("why", "because"s).context("as", Entity{"User", "ana"});
    request.context("from", Ip{"::1"}).context("cost", Decimal{"0.1"}).context("at", Datetime(0s)).context("took", 1ms);
    request.context(Json{R"({"labels": ["x"]})"});
    Details details;
    const Decision decision = session.decide("rfis.view", request, &details);
    CHECK(decision && decision.reason() == BW_REASON_PERMITTED && decision.revision() == 1);
    CHECK(details.policies() == std::vector<std::string_view>{"view"} && details.failed().empty());
    CHECK(session.allows("rfis.view", request) && !session.allows("rfis.burn", request));
    request.context("tries", 3L);
    CHECK(!session.decide("rfis.view", request));
    CHECK(value(session.explain("rfis.view", request)).substr(0, 4) == "deny");
    CHECK(value(session.explain_json("rfis.view", request)).find("not_permitted") != std::string::npos);

    Request hidden;
    hidden.bring_resource(Json{R"({"uid": {"type": "Rfi", "id": "2"}, "attrs": {"private": true},
        "parents": [{"type": "Company", "id": "acme"}]})"});
    Request open;
    open.bring_resource("Rfi", "3").parent("Company", "acme").attr("private", false);
    const auto kept = session.filter("rfis.view", {&hidden, &open, nullptr});
    CHECK(kept.size() == 1 && kept[0] == &open);

    // A step that failed is a deny; so is what has been moved from.
    open.context("from", Ip{"nowhere"});
    CHECK(!session.decide("rfis.view", open));
    Request moved = std::move(request);
    CHECK(!session.decide("rfis.view", request).allowed() && moved);

    CHECK(value(engine.reload(source)) == 2 && engine.revision() == 2);
    source.cedar("broken.cedar", "permit");
    CHECK(code([&] { return engine.reload(source); }) == BW_POLICY_SYNTAX && engine.revision() == 2);

    bw_identity nobody = {};
    nobody.principal_id = BW_STR("ana");
    nobody.expires = BW_NEVER;
    const auto without_scopes = value(engine.session(nobody, "acme"));
    CHECK(!without_scopes.decide("rfis.view", moved));
    CHECK(value(engine.session(Entity{"User", "ana"}, "acme")).is_first_party());

    // Administration, and the endpoints of an authorization server.
    const auto audit = value(Audit::make());
    const auto ring = value(KeyRing::make());
    const auto key_id = value(ring.rotate("EdDSA"));
    Config serving;
    serving.audit(audit).host_key("0123456789abcdef0123456789abcdef");
    serving.oauth(R"({"issuer": "https://id.example.com", "audience": ["api"]})", ring);
    const auto server = value(Engine::open("policies/construction", serving));
    (void)value(server.bootstrap("operator", "The operator", "olga"));
    CHECK(code([&] { return server.bootstrap("operator", "The operator", "olga"); }) == BW_PLATFORM_CONFLICT);
    const auto olga = value(server.session("olga", "operator"));
    const auto created =
        value(server.administer(olga, R"({"do": "create_tenant", "id": "initech", "name": "Initech", "admin": "bill"})"));
    CHECK(created == "null");
    CHECK(code([&] { return server.administer(olga, R"({"do": "connected_apps", "colour": 1})"); }) == BW_ARGUMENT_INVALID);
    const auto refused = value(server.oauth("token", std::nullopt, "grant_type=password"));
    CHECK(refused.status() == 400 && refused.body().find("unsupported_grant_type") != std::string_view::npos);
    CHECK(!refused.headers().empty() && refused.headers()[0].first == "Cache-Control");
    const auto nothing = value(server.authorize("client_id=nobody"));
    CHECK(!nothing && nothing.refused.status() == 400);
    CHECK(value(ring.jwks()).find(key_id) != std::string::npos);
    CHECK(code([&] { return ring.mint("{}"); }) == BW_ARGUMENT_INVALID);
    (void)value(server.flush());
    (void)value(server.follow());
    CHECK(value(audit.recent_json(5)).find("tenants.create") != std::string::npos);
    CHECK(code([&] { return server.authenticate("a.b.c", "initech", bw_proof{}); }) / 100 == 2);

    const Error none(BW_IO, nullptr);
    CHECK(none.code() == BW_IO && none.name() == "io" && none.report().empty());

    std::fprintf(stderr, "wrapper: %d checks, %d failed\n", checked, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
