import asyncio, json, sys, uvloop
from contextlib import AsyncExitStack
from bench.ballots import *
from bench.ground import ground
from bench import profile
async def go(stand, seconds):
    url = await stand.database("voting")
    out={}
    out["profile"]=await profile.measure(stand, 2000)
    async with opened(url, "voting") as db, AsyncExitStack() as stack:
        await never_crossing(db)
        poll = Poll(stand, db, await stand.tokens(45000), seconds)
        ways = {way: await schedule(db, stand.key) for way in WAYS}
        p = await stack.enter_async_context(stand.serving("bench.server","voting",url,*[f"{w}={t}" for w,t in ways.items()]))
        for r in range(int(sys.argv[2])):
            t = await schedule(db, stand.key)
            n = await poll.ballots([p], ways[NOTHING])
            g = await poll.ballots([p], t)
            k = await poll.cost(p, [request("GET", f"/votes/{t}")])
            for name,f in (("noop",n),("grouped",g),("totals",k)):
                out.setdefault(name,[]).append((f["per_second"],f["p99_ms"],f["cpu_us"]["voting"],list(f["answers"])))
            print(json.dumps({k:v[-1] for k,v in out.items() if k!="profile"}),flush=True)
        out["exact"]=await poll.recount()
    print(json.dumps(out["profile"])); print(out["exact"])
if __name__ == "__main__":
  with ground("tansu") as stand:
      uvloop.run(go(stand, float(sys.argv[1])))
