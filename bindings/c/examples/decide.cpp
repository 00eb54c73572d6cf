// The same as decide.c in C++17: loads policies, authenticates a bearer token, decides, and prints why.
#include <ctime>
#include <iostream>

#include "bailiwick.hpp"

int main(int argc, char **argv)
try {
    // The identity provider is played by a key made on the spot.
    const auto key = bailiwick::SigningKey::generate_ed25519("k1");
    bailiwick::Profile profile("https://id.example.com");
    profile.audience("api").jwks(key.jwks());
    bailiwick::Config config;
    config.issuer(profile);
    const auto engine = bailiwick::Engine::open(argc > 1 ? argv[1] : "policies/construction", config);

    const std::string token = key.sign(
        R"({"iss": "https://id.example.com", "aud": "api", "sub": "ana", "client_id": "fieldlink",
            "tenant": "acme", "scope": "rfis:write", "exp": )" + std::to_string(std::time(nullptr) + 600) + "}");
    const auto session = engine.authenticate(token, "acme");

    bailiwick::Request request;
    bailiwick::Details details;
    request.resource("Rfi", "45").context("mfa", true);
    std::cout << session.decide("rfis.close", request, &details) << ": " << details.message() << '\n';
    request.context("mfa", false);
    std::cout << session.decide("rfis.close", request, &details) << ": " << details.message() << '\n';

    request.clear().bring_resource("Rfi", "9001").parent("Project", "p1");
    request.attr("private", false).attr("state", "open").attr("assignees", bailiwick::Json{"[]"});
    std::cout << session.decide("rfis.update", request, &details) << ": " << details.message() << '\n';

    try {
        engine.authenticate(token, "globex");
    } catch (const bailiwick::Error &error) {
        std::cout << error.name() << ": " << error.what() << '\n';
    }
    return 0;
} catch (const bailiwick::Error &error) {
    std::cerr << error.report();
    return 1;
}
