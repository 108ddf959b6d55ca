"""The reviewed abbreviations of government and news text.

They are joined with what NLTK's trainer learns on the corpus and written to models/punkt.json, in
lower case and without the last stop.
"""

TITLES = (
    "adm asst addl brig capt cdr cmdr col cpl dr dy fr gen gov hon insp jas lt maj messrs mr mrs "
    "ms pres prof rep rev sen sgt shri smt spl sr st supt wm"
)
REFERENCES = (
    "approx cf e.g fig figs g.s.r i.e incl nos ors r.a rs s.i s.no s.o s.r.o secs viz vols vs w.e.f"
)
# what takes the next word along, and so never ends a sentence
NEVER_LAST = frozenset(f"{TITLES} {REFERENCES}".split())
REVIEWED = NEVER_LAST | frozenset(
    "a.d a.m al app arr art arts avg b.a b.c bn bros c.f.r ch chs cl cls co corp d.c dept e.u est "
    "etc ext ft govt h.e h.r inc jr l.r.o ltd m m.a m.p max min mn mt n.y no p p.m para paras "
    "ph ph.d plc pp pt pty pvt ref reg regs s sch sec sh ss sub-sec t.o tel u.k u.n u.s u.s.a "
    "u.s.c v vol jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur thurs "
    "fri".split()
)
# learned from our corpus, where they close sentences only or often; ordinary words all the same
ORDINARY = frozenset("ase bell dip gun ing jar jug km mao mud n0 nu ode ret 'u _".split())
