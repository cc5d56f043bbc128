"""A receiver of OTLP over HTTP that decodes what comes with OpenTelemetry's own classes, and prints one line of JSON for each request."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportTraceServiceRequest.FromString(body)
        unknown = request.ByteSize() - len(body)
        say({"path": self.path, "headers": dict(self.headers), "request": MessageToDict(request), "unknown": unknown})
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


def say(value):
    print(json.dumps(value), flush=True)


server = HTTPServer(("127.0.0.1", 0), Receiver)
say(server.server_address[1])
# Who started it ends it by closing its input.
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
