"""The Python side of main.rs: what the body asks for, as `answer` there does it."""

from fdk import response


def handler(ctx, data=None):
    body = data.read().decode()
    if body == "throw":
        raise RuntimeError("as asked")
    if body == "empty":
        return response.Response(ctx, status_code=202)
    if body.startswith("status "):
        headers = {"Content-Type": "application/json", "X-Out": "1"}
        status = int(body.removeprefix("status "))
        return response.Response(ctx, response_data="{}", headers=headers, status_code=status)
    headers = {"Content-Type": "text/plain"}
    return response.Response(ctx, response_data=described(ctx, body), headers=headers)


def described(ctx, body):
    sent = ctx.HTTPHeaders()
    lines = [f"method={ctx.Method()}", f"url={ctx.RequestURL()}"]
    lines += [f"{name}={sent[name]}" for name in ("accept", "x-two", "x-many") if name in sent]
    lines += [f"type={ctx.Headers().get('content-type')}", f"body={body}"]
    return "\n".join(lines)
