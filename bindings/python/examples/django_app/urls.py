"""Views of the Django example: one with the decorator, one of the REST framework."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import include, path
from platform_data import rfis
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

import bailiwick as bw
from bailiwick.django import metadata_urls, oauth_urls, requires
from bailiwick.rest_framework import ActionPermission, BearerAuthentication

STORED = rfis()


def resource(request: HttpRequest, rfi: str) -> object:
    """The RFI, or its name if there is none: that is denied like one that may not be seen."""
    return STORED.get(rfi, bw.Resource("Rfi", rfi))


@requires("rfis.view", resource)
def show(request: HttpRequest, rfi: str) -> JsonResponse:
    return JsonResponse({"id": rfi})


class RfiView(GenericAPIView):  # type: ignore[type-arg]
    """An RFI by the REST framework."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [ActionPermission]
    lookup_url_kwarg = "rfi"
    bailiwick_actions = {"GET": "rfis.view", "POST": "rfis.update"}

    def get_object(self) -> Any:
        if self.kwargs["rfi"] not in STORED:
            raise Http404
        found = STORED[self.kwargs["rfi"]]
        self.check_object_permissions(self.request, found)
        return found

    def get(self, request: Request, rfi: str) -> Response:
        return Response({"id": self.get_object().id})

    def put(self, request: Request, rfi: str) -> Response:
        return Response({"id": self.get_object().id})


urlpatterns = [
    path("rfis/<str:rfi>", show),
    path("api/rfis/<str:rfi>", RfiView.as_view()),
    path("oauth/", include(oauth_urls())),
    *metadata_urls(),
]
