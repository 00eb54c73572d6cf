/* Prints the layout of every struct that crosses the boundary; abi.py compares it with abi.txt. */
#include <stddef.h>
#include <stdio.h>

#include "bailiwick.h"

#define STRUCT(type) printf("struct %s size %zu align %zu\n", #type, sizeof(type), _Alignof(type))
#define FIELD(type, field) \
    printf("field %s.%s offset %zu size %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field))

int main(void)
{
    STRUCT(bw_str);
    FIELD(bw_str, ptr);
    FIELD(bw_str, len);
    STRUCT(bw_proof);
    FIELD(bw_proof, size);
    FIELD(bw_proof, dpop);
    FIELD(bw_proof, method);
    FIELD(bw_proof, uri);
    FIELD(bw_proof, certificate_sha256);
    STRUCT(bw_identity);
    FIELD(bw_identity, size);
    FIELD(bw_identity, principal_type);
    FIELD(bw_identity, principal_id);
    FIELD(bw_identity, app);
    FIELD(bw_identity, grant_type);
    FIELD(bw_identity, scopes);
    FIELD(bw_identity, scope_count);
    FIELD(bw_identity, expires);
    FIELD(bw_identity, first_party);
    STRUCT(bw_decision);
    FIELD(bw_decision, size);
    FIELD(bw_decision, allowed);
    FIELD(bw_decision, reason);
    FIELD(bw_decision, revision);
    return 0;
}
