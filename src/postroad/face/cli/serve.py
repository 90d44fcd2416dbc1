"""``postroad serve``: the console and the HTTP interface, on this machine or for an office; and its accounts."""

from __future__ import annotations

from pathlib import Path

import typer

HOME = Path("~/.postroad")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("serve-account")(account)


def serve(
    province: str = typer.Argument("jilin", help="省包 province shown first"),
    host: str = typer.Option("127.0.0.1", "--host", help="127.0.0.1 | 0.0.0.0"),
    port: int = typer.Option(8720, "--port", min=0, max=65535),
    database: str = typer.Option("", "--database", help="sqlite:///… | postgresql+psycopg://…"),
    home: Path = typer.Option(HOME, "--home", help="文件夹 folder"),
    runs: list[Path] = typer.Option([Path("out")], "--runs", help="结果文件夹 folders of results"),
    names: list[str] = typer.Option([], "--name", help="主机名 host names answered to"),
    workers: int = typer.Option(1, "--workers", min=0, help="同时运行的任务数 jobs at once"),
    tls: bool = typer.Option(False, "--behind-tls", help="前面有 TLS cookies over TLS only"),
) -> None:
    """服务 Serve the console and the HTTP interface; Ctrl-C ends it, and jobs go on at the next start."""
    import secrets
    import socket

    import uvicorn

    from postroad.errors import UsageError
    from postroad.face.cli.display import out
    from postroad.face.web import Settings, create_app
    from postroad.language import say
    from postroad.network import province as open_province

    open_province(province)
    local = host in ("127.0.0.1", "localhost", "::1")
    key = secrets.token_urlsafe(24)
    own = Settings(home=home.expanduser(), database=database, key=key, runs=tuple(runs), secure=tls, workers=workers)
    settings = Settings(**{**own.__dict__, "names": (*own.names, *names)})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(2048)  # whoever follows the address at once waits until the application stands
    except OSError as taken:
        raise UsageError.of("face.port_taken", port=port, host=host, detail=taken.strerror or str(taken)) from taken
    with door:
        shown = names[0] if names and not local else "127.0.0.1"
        address = f"{'https' if tls else 'http'}://{shown}:{door.getsockname()[1]}"
        out.print(say("face.serving", address=address), soft_wrap=True)
        out.print(say("face.serving_key", address=f"{address}/api/session/key?key={key}"), soft_wrap=True)
        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
            timeout_keep_alive=75,  # longer than people pause, so that a request never meets a closing connection
        )
        uvicorn.Server(config).run(sockets=[door])


def account(
    name: str = typer.Argument(..., help="名称 name"),
    role: str = typer.Option(..., "--role", help="administrator | province | prefecture | enterprise | inspector"),
    scope: str = typer.Option("", "--scope", help="地点或企业 place or operator"),
    password: str = typer.Option(..., "--password", prompt=True, hide_input=True, envvar="POSTROAD_PASSWORD"),
    database: str = typer.Option("", "--database"),
    home: Path = typer.Option(HOME, "--home", help="文件夹 folder"),
) -> None:
    """账户 Make an account for the console; the password is asked for."""
    from postroad.errors import UsageError
    from postroad.face.cli.display import out
    from postroad.face.web import Settings
    from postroad.face.web.accounts import make
    from postroad.face.web.database import connect
    from postroad.face.web.refusal import Refused
    from postroad.language import say

    settings = Settings(home=home.expanduser(), database=database)
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        make(connect(settings.address), name, password, role, scope)
    except Refused as refused:
        raise UsageError(refused.faults) from None
    out.print(say("face.account_made", name=name, role=role))
