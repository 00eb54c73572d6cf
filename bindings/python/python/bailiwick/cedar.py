"""Plain Cedar: policies, entities and requests, with the answers of cedar-policy.

For those who want no tenants, tokens and scopes. `Engine` decides strictly; this skips policies that err, as Cedar does.

>>> authorizer = Authorizer(Policies(cedar='@id("all") permit (principal, action == Action::"view", resource);'))
>>> authorizer.is_authorized(("User", "ana"), "view", ("Photo", "p.jpg"))
<Answer allow by ["all"], 0 errors>
"""

from bailiwick._bailiwick import Answer, Authorizer, Entity, EntityUid, Extension, Policies

__all__ = ["Answer", "Authorizer", "Entity", "EntityUid", "Extension", "Policies"]
