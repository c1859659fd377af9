"""A price list that answers over HTTP as AWS's does: `GetProducts` of the Price List API, and EC2's spot history."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

Product = dict[str, Any]
REGION = "eu-central-1"


def product(usage: str, dollars: str, unit: str = "Hrs", **attributes: str) -> Product:
    """One product as the list has it: attributes, and an on-demand term with one price."""
    family = attributes.pop("productFamily", "")
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": dollars}}
    return {
        "product": {
            "productFamily": family,
            "attributes": {"usagetype": usage, "regionCode": REGION, "locationType": "AWS Region", **attributes},
            "sku": usage,
        },
        "terms": {"OnDemand": {f"{usage}.T": {"priceDimensions": {f"{usage}.T.D": dimension}}}},
    }


class PriceList:
    """The list, while it is entered. It refuses whoever is not `allowed`."""

    def __init__(self, products: dict[str, list[Product]], spot: dict[str, list[str]], *, allowed: bool = True) -> None:
        self.products, self.spot, self.allowed = products, spot, allowed
        self.asked: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, kind, answer = outer.answer(self.headers.get("X-Amz-Target", ""), body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> PriceList:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str, body: bytes) -> tuple[int, str, bytes]:
        if not self.allowed:
            refusal = {"__type": "AccessDeniedException", "message": "not you"}
            return 400, "application/x-amz-json-1.1", json.dumps(refusal).encode()
        if target == "AWSPriceListService.GetProducts":
            found = self._page(json.loads(body))
            return 200, "application/x-amz-json-1.1", json.dumps(found).encode()
        return 200, "text/xml", self._history(parse_qs(body.decode())).encode()

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One product a page, so that whoever asks has to turn them."""
        self.asked.append(asked)
        wanted = {one["Field"]: one["Value"] for one in asked["Filters"]}
        found = [one for one in self.products.get(asked["ServiceCode"], []) if _matches(one, wanted)]
        start = int(asked.get("NextToken") or 0)
        following = {"NextToken": str(start + 1)} if start + 1 < len(found) else {}
        return {
            "FormatVersion": "aws_v1",
            "PriceList": [json.dumps(one) for one in found[start : start + 1]],
            **following,
        }

    def _history(self, asked: dict[str, list[str]]) -> str:
        assert asked["Action"] == ["DescribeSpotPriceHistory"]
        assert asked["ProductDescription.1"] == ["Linux/UNIX"]
        paid = self.spot.get(asked["InstanceType.1"][0], [])
        rows = "".join(
            f"<item><availabilityZone>eu-central-1a</availabilityZone><spotPrice>{price}</spotPrice></item>"
            for price in paid
        )
        return (
            '<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<spotPriceHistorySet>{rows}</spotPriceHistorySet></DescribeSpotPriceHistoryResponse>"
        )


def _matches(one: Product, wanted: dict[str, str]) -> bool:
    about = {"productFamily": one["product"]["productFamily"], **one["product"]["attributes"]}
    return all(about.get(field) == value for field, value in wanted.items())
