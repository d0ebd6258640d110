"""Stands in for the part of awslambdaric that is compiled from C++, which is made for Linux only: the same functions, in Python.

It is in the way of nothing where the compiled module is there, because it is installed only where that is not.
"""

import http.client
import os

_INVOCATION = "/2018-06-01/runtime/invocation/"
_connection = None


def initialize_client(user_agent):
    """The client names itself; there is nothing to prepare."""


def _call(method, path, body=None, headers=None):
    global _connection
    if _connection is None:
        _connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    _connection.request(method, _INVOCATION + path, body, headers or {})
    response = _connection.getresponse()
    return response, response.read()


def next():
    response, body = _call("GET", "next")
    if response.status != 200:
        raise RuntimeError(f"Failed to get next invocation, error {response.status}")
    headers = {name.title(): value for name, value in response.getheaders()}
    headers["Lambda-Runtime-Deadline-Ms"] = int(headers["Lambda-Runtime-Deadline-Ms"])
    return body, headers


def post_invocation_result(invoke_id, result, content_type="application/json", invocation_id=None):
    _call("POST", f"{invoke_id}/response", result, {"Content-Type": content_type})


def post_error(invoke_id, error, xray_fault="", invocation_id=None):
    cause = {"Lambda-Runtime-Function-XRay-Error-Cause": xray_fault.replace("\n", "").encode("utf-8")} if xray_fault else {}
    body = error if isinstance(error, bytes) else error.encode("utf-8")
    _call("POST", f"{invoke_id}/error", body, {"Content-Type": "application/json", **cause})
