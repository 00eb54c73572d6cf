/* The identity provider of the host tests: makes a key, writes its JWKS, and signs each line of standard input as a token. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>

#include "bailiwick.h"

static void must(bw_status status, bw_error *err)
{
    if (status != BW_OK) {
        fputs(bw_error_report(err), stderr);
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    bw_signing_key *key = NULL;
    bw_error *err = NULL;
    char *jwks = NULL, *line = NULL;
    size_t capacity = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!file) {
        fputs("usage: mint JWKS < CLAIMS > TOKENS\n", stderr);
        return 2;
    }
    must(bw_signing_key_generate_ed25519(BW_STR("k1"), &key, &err), err);
    must(bw_signing_key_jwks(key, &jwks, &err), err);
    fputs(jwks, file);
    fclose(file);
    for (ssize_t length; (length = getline(&line, &capacity, stdin)) > 0;) {
        char *token = NULL;
        const bw_str claims = {line, (size_t)length};
        must(bw_signing_key_sign(key, claims, BW_STR("at+jwt"), &token, &err), err);
        puts(token);
        bw_string_free(token);
    }
    free(line);
    bw_string_free(jwks);
    bw_signing_key_free(key);
    return EXIT_SUCCESS;
}
