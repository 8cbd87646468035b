/* The two daemons as documented, seen through their clients' eyes only: what each shows, and what of the other's has to be
 * before it (R-SEQ-1). Nothing is taken from the reducers: this is written from the document's diagrams, with the failure that
 * cuts an operation off anywhere (R-STATE-2). Each line of a process is one step; tests break one line at a time.
 *
 * A wrong password shows nothing new, and is no step here. */

#define INIT            0
#define TOKEN_AVAILABLE 1
#define CONNECTING      2
#define AUTHENTICATING  3
#define IN_PROGRESS     4
#define SUCCESS         5
#define FAILURE         6

/* What each client sees, and how far each daemon came before its end: what it had sent by then may still arrive. */
byte import = INIT, export = INIT;
byte import_came = INIT, export_came = INIT;

/* An exhaustive search takes every step from every state once, so that all are told. */
#define IMPORT(to) c_code { printf("STEP %d %d %d %d\n", now.import, now.export, to, now.export); }; import = to
#define EXPORT(to) c_code { printf("STEP %d %d %d %d\n", now.import, now.export, now.import, to); }; export = to

active proctype Import() {
    do
    :: d_step { import == INIT -> IMPORT(TOKEN_AVAILABLE); import_came = import }
    :: d_step { import == TOKEN_AVAILABLE && export_came >= CONNECTING -> IMPORT(CONNECTING); import_came = import }
    :: d_step { import == CONNECTING && export_came >= AUTHENTICATING -> IMPORT(AUTHENTICATING); import_came = import }
    :: d_step { import == AUTHENTICATING && export_came >= IN_PROGRESS -> IMPORT(IN_PROGRESS); import_came = import }
    :: d_step { import == IN_PROGRESS -> IMPORT(SUCCESS) }
    :: d_step { import < SUCCESS -> IMPORT(FAILURE) }
    :: import >= SUCCESS -> break
    od
}

active proctype Export() {
    /* Nobody has to scan the token. */
end_idle:
    if
    :: d_step { import_came >= TOKEN_AVAILABLE -> EXPORT(CONNECTING); export_came = export }
    fi;
    do
    :: d_step { export == CONNECTING && import_came >= CONNECTING -> EXPORT(AUTHENTICATING); export_came = export }
    :: d_step { export == AUTHENTICATING && import_came >= AUTHENTICATING -> EXPORT(IN_PROGRESS); export_came = export }
    :: d_step { export == IN_PROGRESS && import == SUCCESS -> EXPORT(SUCCESS) }
    :: d_step { export < SUCCESS -> EXPORT(FAILURE) }
    :: export >= SUCCESS -> break
    od
}

/* Each holds, but for the last, which says that what has to be possible is not. */
#define STAYS(side, state) ([] ((side >= state) -> ([] (side >= state))))
#define LASTS(side, end)   ([] ((side == end) -> ([] (side == end))))

ltl import_never_back { STAYS(import, 1) && STAYS(import, 2) && STAYS(import, 3) && STAYS(import, 4) && STAYS(import, 5) }
ltl export_never_back { STAYS(export, 2) && STAYS(export, 3) && STAYS(export, 4) && STAYS(export, 5) }
ltl done_is_last { LASTS(import, SUCCESS) && LASTS(import, FAILURE) && LASTS(export, SUCCESS) && LASTS(export, FAILURE) }
ltl success_is_stored { [] ((export == SUCCESS) -> (import == SUCCESS)) }
ltl everyone_ends { (<> (import >= SUCCESS)) && ([] ((export > INIT) -> (<> (export >= SUCCESS)))) }
ltl never_both_succeed { [] (!((import == SUCCESS) && (export == SUCCESS))) }
