"""What the AWS SDK for Python and `websockets` make of `local`: is told on stdin where things are, and tells what came of every call."""

import datetime
import json
import os
import ssl
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

told = json.load(sys.stdin)
said = {}


def client(service, endpoint):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def say(name, call, **arguments):
    try:
        answer = call(**arguments)
        said[name] = str(answer["ResponseMetadata"]["HTTPStatusCode"])
        return answer
    except ClientError as error:
        has_class = type(error).__name__ == error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        said[name] = f"{'' if has_class else 'unmodeled '}{error.response['Error']['Code']} {status}"
        return {}


def connections():
    here = client("apigatewaymanagementapi", told["management"])
    elsewhere = client("apigatewaymanagementapi", told["management"].replace("/v1", "/v2"))
    alive, gone = told["alive"], told["gone"]
    say("post", here.post_to_connection, ConnectionId=alive, Data="from Python ✓".encode())
    say("post to who is gone", here.post_to_connection, ConnectionId=gone, Data=b"x")
    say("post to no id", here.post_to_connection, ConnectionId="nonsense", Data=b"x")
    say("post to who does not read", here.post_to_connection, ConnectionId=told["sleeping"], Data=b"x")
    say("post too much", here.post_to_connection, ConnectionId=alive, Data=b"x" * 131_073)
    say("post to another stage", elsewhere.post_to_connection, ConnectionId=alive, Data=b"x")
    about = say("get", here.get_connection, ConnectionId=alive)
    are_times = all(isinstance(about[at], datetime.datetime) for at in ("ConnectedAt", "LastActiveAt"))
    said["identity"] = [about["Identity"]["SourceIp"], about["Identity"]["UserAgent"], are_times]
    say("get who is gone", here.get_connection, ConnectionId=gone)
    say("delete who is gone", here.delete_connection, ConnectionId=gone)
    say("delete", here.delete_connection, ConnectionId=alive)
    say("post to who was deleted", here.post_to_connection, ConnectionId=alive, Data=b"x")


def functions():
    here = client("lambda", told["lambda"])

    def invoke(name, function="echo", payload=b'{"do":"answer","answer":{"fine":true}}', **more):
        return say(name, here.invoke, FunctionName=function, Payload=payload, **more)

    answer = invoke("invoke")
    said["answer"] = [json.load(answer["Payload"]), answer["ExecutedVersion"], answer.get("FunctionError")]
    answer = invoke("invoke what fails", payload=b'{"do":"error"}')
    said["failure"] = [json.load(answer["Payload"])["errorType"], answer["FunctionError"]]
    invoke("dry run", InvocationType="DryRun")
    invoke("event", InvocationType="Event")
    answer = invoke("tail", payload=b'{"do":"print"}', LogType="Tail")
    said["log"] = answer["LogResult"]
    invoke("invoke nobody", function="nobody")
    invoke("invoke with no json", payload=b"{no")
    invoke("invoke in another way", InvocationType="Sometimes")
    invoke("invoke with too much", payload=b'"' + b"x" * 6_300_000 + b'"')
    invoke("invoke who may not run", function="busy")


def sockets():
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    url = told["websocket"]
    try:
        connect(f"{url}?do=status&status=401", ssl=trust, open_timeout=60)
    except InvalidStatus as refused:
        said["refused"] = [refused.response.status_code, refused.response.body.decode()]
    with connect(f"{url}?do=protocol", ssl=trust, open_timeout=60, subprotocols=["other", "chat"]) as socket:
        said["protocol"] = socket.subprotocol
        socket.send(['{"action":"tell","do":"ans', 'wer","answer":{"statusCode":200,"body":"in parts"}}'])
        said["heard"] = socket.recv(timeout=20)
        said["pong"] = socket.ping(b"there?").wait(timeout=20)
        socket.close(4001, "enough")
    ends = []
    for too_much in (b"bytes", "x" * 32_769):
        with connect(url, ssl=trust, open_timeout=60) as socket:
            socket.send(too_much)
            try:
                socket.recv(timeout=20)
            except ConnectionClosed as closed:
                ends.append([closed.rcvd.code, closed.rcvd.reason])
    said["ends"] = ends


connections()
functions()
sockets()
json.dump(said, sys.stdout)
