"""What boto3 makes of the S3 of `local`: is told on stdin where it is, and tells what came of it."""

import io
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

told = json.load(sys.stdin)
said = {}
s3 = boto3.client(
    "s3",
    endpoint_url=told["s3"],
    region_name="us-east-1",
    aws_access_key_id="local",
    aws_secret_access_key="local",
    config=Config(retries={"total_max_attempts": 1}),
)
BUCKET = "files"


def refused(call, **arguments):
    try:
        call(**arguments)
        return "not refused"
    except ClientError as error:
        return f"{error.response['Error']['Code']} {error.response['ResponseMetadata']['HTTPStatusCode']}"


def read(key, **more):
    return s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()


# More than 8 MB goes in parts, by itself.
large = bytes(range(256)) * 4096 * 9 + b"end"
s3.upload_fileobj(io.BytesIO(large), BUCKET, "a/large", ExtraArgs={"ContentType": "text/plain", "Metadata": {"by": "me"}})
head = s3.head_object(Bucket=BUCKET, Key="a/large")
said["large"] = [head["ContentLength"] == len(large), head["ETag"], head["ContentType"], head["Metadata"]]
got = io.BytesIO()
s3.download_fileobj(BUCKET, "a/large", got)
said["same"] = got.getvalue() == large
said["range"] = read("a/large", Range="bytes=-3").decode()

# The one call, and what the SDK does with what is large: parts that are copied.
s3.put_object(Bucket=BUCKET, Key="a/b c+ü", Body=b"hello", Metadata={"x": "1"})
copied = s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a/b c+ü"})
said["copy"] = [read("copy").decode(), copied["CopyObjectResult"]["ETag"], s3.head_object(Bucket=BUCKET, Key="copy")["Metadata"]]
s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/copy", MetadataDirective="REPLACE", Metadata={"y": "2"})
said["replaced"] = s3.head_object(Bucket=BUCKET, Key="copy")["Metadata"]
s3.copy({"Bucket": BUCKET, "Key": "a/large"}, BUCKET, "parts", Config=TransferConfig(multipart_threshold=8 << 20))
said["copied in parts"] = [read("parts") == large, s3.head_object(Bucket=BUCKET, Key="parts")["ETag"]]

said["once"] = refused(s3.put_object, Bucket=BUCKET, Key="copy", Body=b"x", IfNoneMatch="*")
said["unknown"] = refused(s3.get_object, Bucket=BUCKET, Key="none")
said["not played"] = refused(s3.get_object_tagging, Bucket=BUCKET, Key="copy")
said["versions"] = refused(s3.list_object_versions, Bucket=BUCKET)

for number in range(5):
    s3.put_object(Bucket=BUCKET, Key=f"many/{number}", Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="many/", PaginationConfig={"PageSize": 2})
said["pages"] = [[entry["Key"] for entry in page["Contents"]] for page in pages]
gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "many/0"}, {"Key": "many/1"}, {"Key": "none"}]})
said["gone"] = sorted(entry["Key"] for entry in gone["Deleted"])
said["quiet"] = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "many/2"}], "Quiet": True}).get("Deleted")
said["left"] = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="many/")["Contents"]]

upload = s3.create_multipart_upload(Bucket=BUCKET, Key="never")["UploadId"]
s3.upload_part(Bucket=BUCKET, Key="never", UploadId=upload, PartNumber=1, Body=b"x")
s3.abort_multipart_upload(Bucket=BUCKET, Key="never", UploadId=upload)
said["aborted"] = refused(s3.upload_part, Bucket=BUCKET, Key="never", UploadId=upload, PartNumber=2, Body=b"x")
json.dump(said, sys.stdout)
