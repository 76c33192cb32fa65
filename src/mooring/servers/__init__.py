"""MCP servers in front of vendors' APIs, each answer cached in Redis and kept true by what is written.

A vendor is a package of this room, and a stand-in for it one of `fakes`. To add one:

1. `operations.py` declares what is used of its API, as data. A read says how long its answer is good for, and which
   tags make it stale; a write says which tags it touches. Tags are templates over the arguments; `budget` names the
   rate limit that an operation counts against. The tags of a write may name fields of its answer too::

       GET_DEAL = Read(name="deals/get", path="/crm/v3/objects/0-3/{deal_id}", policy=_LIVELY,
                       tags=("deal:{deal_id}",))
       UPDATE_DEAL = Write(name="deals/update", method="PATCH", path="/crm/v3/objects/0-3/{deal_id}",
                           touches=("deal:{deal_id}", "deals"))

   A read that the API wants as POST has `method="POST", encoding="json"`. `OPERATIONS` lists all for the contract test.

2. `vendor.py` has the vendor's own ways as a `Vendor`: where its tokens come from, its rate limits (`budgets`), whose a
   token is (`whoami`, `identify`), and whatever differs from a plain JSON API: how it says "too many calls" (`check`),
   where the next page stands (`answer`), what is left of a limit (`quota`).

3. `results.py` has `Projection`s: of the vendor's fields those that a model works with (`at("user", "login")` takes one
   from within). `NumberedPage` and `CursorPage` are lists of them.

4. `tools.py` has the tools: functions that take a `Call` and what the model gives, read or write through the call, and
   return a projection. Their docstrings are their descriptions: one short line. ::

       @tools.read("deals")                  # the group that --toolsets chooses by
       async def get_deal(call: Call, deal_id: str) -> Deal:
           \"\"\"Show a deal.\"\"\"
           return Deal.model_validate((await call.read(GET_DEAL, deal_id=deal_id)).body)

5. `__init__.py` has `VENDOR` and `tools`; `__main__.py` calls the command line; `app.NAMES` names the server.

6. `fakes/NAME` has `TOKENS` and `fake()`, a `Fake` that keeps state and refuses what the vendor would refuse.

All else is done here, the same for every vendor: accounts (`account`), the cache and what a write makes stale
(`call`), retries and the budget of the fleet (`upstream`), writes that are asked for twice (`replay`), results that are
too long (`trimming`, `handles`), freshness in `_meta` (`freshness`), `max_age` and `idempotency_key` (`publishing`),
metrics, probes, logs, both transports and an orderly end (`running`).
"""
