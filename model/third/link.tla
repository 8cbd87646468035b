------------------------------- MODULE link -------------------------------
(* What `link.pml` says, for TLC: several links that have nothing to do with each other, so that the graph is large enough
   to compare engines on it (scripts/engines). *)
EXTENDS Naturals
CONSTANT Links
VARIABLES import, export, importCame, exportCame

Init == 0
TokenAvailable == 1
Connecting == 2
Authenticating == 3
InProgress == 4
Success == 5
Failure == 6

all == <<import, export, importCame, exportCame>>
One == 1..Links

Begin == /\ import = [i \in One |-> Init] /\ export = [i \in One |-> Init]
         /\ importCame = [i \in One |-> Init] /\ exportCame = [i \in One |-> Init]

ImportComes(i, to) == /\ import' = [import EXCEPT ![i] = to] /\ importCame' = [importCame EXCEPT ![i] = to]
                      /\ UNCHANGED <<export, exportCame>>
ImportEnds(i, to) == import' = [import EXCEPT ![i] = to] /\ UNCHANGED <<export, importCame, exportCame>>
ExportComes(i, to) == /\ export' = [export EXCEPT ![i] = to] /\ exportCame' = [exportCame EXCEPT ![i] = to]
                      /\ UNCHANGED <<import, importCame>>
ExportEnds(i, to) == export' = [export EXCEPT ![i] = to] /\ UNCHANGED <<import, importCame, exportCame>>

Import(i) ==
    \/ import[i] = Init /\ ImportComes(i, TokenAvailable)
    \/ import[i] = TokenAvailable /\ exportCame[i] >= Connecting /\ ImportComes(i, Connecting)
    \/ import[i] = Connecting /\ exportCame[i] >= Authenticating /\ ImportComes(i, Authenticating)
    \/ import[i] = Authenticating /\ exportCame[i] >= InProgress /\ ImportComes(i, InProgress)
    \/ import[i] = InProgress /\ ImportEnds(i, Success)
    \/ import[i] < Success /\ ImportEnds(i, Failure)

Export(i) ==
    \/ export[i] = Init /\ importCame[i] >= TokenAvailable /\ ExportComes(i, Connecting)
    \/ export[i] = Connecting /\ importCame[i] >= Connecting /\ ExportComes(i, Authenticating)
    \/ export[i] = Authenticating /\ importCame[i] >= Authenticating /\ ExportComes(i, InProgress)
    \/ export[i] = InProgress /\ import[i] = Success /\ ExportEnds(i, Success)
    \/ export[i] >= Connecting /\ export[i] < Success /\ ExportEnds(i, Failure)

Next == \E i \in One : Import(i) \/ Export(i)
Spec == Begin /\ [][Next]_all

SuccessIsStored == \A i \in One : export[i] = Success => import[i] = Success
===========================================================================
