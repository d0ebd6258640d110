#!/usr/bin/env python3
"""A function as the samples write it, under a Runtime API client of a few lines: it posts to where its event says that it comes from."""

import json
import os
import urllib.request

import boto3


def handler(event):
    context = event["requestContext"]
    client = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{context['domainName']}/{context['stage']}")
    client.post_to_connection(ConnectionId=context["connectionId"], Data=b"posted by the sample")
    return {"statusCode": 200, "body": "done"}


base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{base}/next") as invocation:
        request, event = invocation.headers["lambda-runtime-aws-request-id"], json.load(invocation)
    try:
        path, answer = "response", handler(event)
    except Exception as error:
        path, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
    urllib.request.urlopen(f"{base}/{request}/{path}", json.dumps(answer).encode()).close()
