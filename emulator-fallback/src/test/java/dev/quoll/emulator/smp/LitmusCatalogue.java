package dev.quoll.emulator.smp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The litmus tests: those of the literature on x86 (names as there), and some on locked accesses and mixed sizes. */
final class LitmusCatalogue {
    private LitmusCatalogue() {}

    /** Tests of accesses that can be placed anywhere; the verdict on their outcome does not depend on the placement. */
    static final List<Litmus> CLASSIC = List.of(
            Litmus.of("SB", """
                    MOV [x],1   | MOV [y],1
                    MOV EAX,[y] | MOV EAX,[x]
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("MP", """
                    MOV [x],1 | MOV EAX,[y]
                    MOV [y],1 | MOV EBX,[x]
                    1:EAX=1 1:EBX=0
                    """),
            Litmus.of("LB", """
                    MOV EAX,[x] | MOV EAX,[y]
                    MOV [y],1   | MOV [x],1
                    0:EAX=1 1:EAX=1
                    """),
            Litmus.of("2+2W", """
                    MOV [x],1 | MOV [y],1
                    MOV [y],2 | MOV [x],2
                    x=1 y=1
                    """),
            Litmus.of("R", """
                    MOV [x],1 | MOV [y],2
                    MOV [y],1 | MOV EAX,[x]
                    1:EAX=0 y=2
                    """),
            Litmus.of("S", """
                    MOV [x],2 | MOV EAX,[y]
                    MOV [y],1 | MOV [x],1
                    1:EAX=1 x=2
                    """),
            Litmus.of("CoRR", """
                    MOV [x],1 | MOV EAX,[x]
                              | MOV EBX,[x]
                    1:EAX=1 1:EBX=0
                    """),
            Litmus.of("CoRW", """
                    MOV EAX,[x] | MOV [x],2
                    MOV [x],1   |
                    0:EAX=2 x=2
                    """),
            Litmus.of("CoWR", """
                    MOV [x],1   | MOV [x],2
                    MOV EAX,[x] |
                    0:EAX=2 x=1
                    """),
            Litmus.of("n6", """
                    MOV [x],1   | MOV [y],2
                    MOV EAX,[x] | MOV [x],2
                    MOV EBX,[y] |
                    0:EAX=1 0:EBX=0 x=1
                    """),
            Litmus.of("n5", """
                    MOV [x],1   | MOV [x],2
                    MOV EAX,[x] | MOV EAX,[x]
                    0:EAX=2 1:EAX=1
                    """),
            Litmus.of("n7", """
                    MOV [x],1   | MOV [y],1
                    MOV EAX,[x] | MOV EAX,[y]
                    MOV EBX,[y] | MOV EBX,[x]
                    0:EAX=1 0:EBX=0 1:EAX=1 1:EBX=0
                    """),
            Litmus.of("WRC", """
                    MOV [x],1 | MOV EAX,[x] | MOV EAX,[y]
                              | MOV [y],1   | MOV EBX,[x]
                    1:EAX=1 2:EAX=1 2:EBX=0
                    """),
            Litmus.of("IRIW", """
                    MOV [x],1 | MOV [y],1 | MOV EAX,[x] | MOV EAX,[y]
                              |           | MOV EBX,[y] | MOV EBX,[x]
                    2:EAX=1 2:EBX=0 3:EAX=1 3:EBX=0
                    """));

    /** One location, atomicity: only locked accesses are sure to be atomic across a line or a page. */
    static final List<Litmus> ATOMICITY = List.of(
            Litmus.of("ADD+ADD", """
                    LOCK ADD [x],0x01010101 | LOCK ADD [x],0x01010101
                    LOCK ADD [x],0x01010101 | LOCK ADD [x],0x01010101
                    x=0x03030303
                    """),
            Litmus.of("XADD+XADD", """
                    MOV EAX,0x00ff00ff   | MOV EAX,0x00ff00ff
                    LOCK XADD [x],EAX    | LOCK XADD [x],EAX
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("XADD64+XADD64", """
                    MOV RAX,0x00ff00ff   | MOV RAX,0x00ff00ff
                    LOCK XADD [x],RAX    | LOCK XADD [x],RAX
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("CMPXCHG+CMPXCHG", """
                    MOV ECX,0x11111111    | MOV ECX,0x22222222
                    LOCK CMPXCHG [x],ECX  | LOCK CMPXCHG [x],ECX
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("ADD+low byte", """
                    LOCK ADD [x],0x01000000 | MOV BYTE [x],5
                    x=0x01000000
                    """),
            Litmus.of("ADD+high byte", """
                    LOCK ADD [x],1 | MOV BYTE [x+3],5
                    x=1
                    """),
            Litmus.of("ADD64+dword", """
                    LOCK ADD QWORD [x],1 | MOV DWORD [x+4],5
                    x=1
                    """),
            Litmus.of("ADD+bytes", """
                    LOCK ADD [x],0x01000000 | MOV BYTE [x],5
                    LOCK ADD [x],0x01000000 | MOV BYTE [x],6
                    LOCK ADD [x],0x01000000 | MOV BYTE [x],7
                    x=0x03000006
                    """),
            Litmus.of("CMPXCHG fails+store", """
                    MOV EAX,77           | MOV [x],5
                    LOCK CMPXCHG [x],ECX |
                    x=0
                    """),
            Litmus.of("XCHG+bytes up", """
                    MOV EAX,0x01010101 | MOV AL,[x]
                    XCHG [x],EAX       | MOV BL,[x+3]
                    1:EAX=1 1:EBX=0
                    """),
            Litmus.of("XCHG+bytes down", """
                    MOV EAX,0x01010101 | MOV AL,[x+3]
                    XCHG [x],EAX       | MOV BL,[x]
                    1:EAX=1 1:EBX=0
                    """),
            Litmus.of("XCHG+stores", """
                    MOV EAX,0x01010101 | MOV BYTE [x],2
                    XCHG [x],EAX       | MOV BYTE [x+3],2
                    0:EAX=0x02000000
                    """));

    /** Accesses of different sizes to one aligned location. */
    static final List<Litmus> MIXED = List.of(
            Litmus.of("MP mixed", """
                    MOV [x],1   | MOV RAX,[x]
                    MOV [x+4],1 |
                    1:EAX=0x100000000
                    """),
            Litmus.of("MP halves", """
                    MOV WORD [x],1   | MOV EAX,[x]
                    MOV WORD [x+2],1 | MOV BX,[x]
                    1:EAX=0x10000 1:EBX=1
                    """),
            Litmus.of("SB mixed", """
                    MOV BYTE [x],1 | MOV BYTE [x+1],1
                    MOV AL,[x+1]   | MOV AL,[x]
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("aligned quad", """
                    MOV RAX,0x0101010101010101 | MOV RAX,[x]
                    MOV [x],RAX                | MOV BL,[x]
                    1:EAX=0x0101010101010101 1:EBX=0
                    """),
            Litmus.of("forwarded byte", """
                    MOV [x],0x01010101 | MOV [x],0x02020202
                    MOV AL,[x+2]       | MOV AL,[x+2]
                    0:EAX=2 1:EAX=1
                    """));

    /** Locked instructions and fences as barriers between other accesses. */
    static final List<Litmus> BARRIERS = List.of(
            Litmus.of("SB+lock elsewhere", """
                    MOV [x],1       | MOV [y],1
                    LOCK ADD [z],1  | LOCK ADD [w],1
                    MOV EAX,[y]     | MOV EAX,[x]
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("SB+failed cmpxchg", """
                    MOV [x],1            | MOV [y],1
                    MOV EAX,9            | MOV EAX,9
                    LOCK CMPXCHG [z],ECX | LOCK CMPXCHG [w],ECX
                    MOV EBX,[y]          | MOV EBX,[x]
                    0:EBX=0 1:EBX=0
                    """),
            Litmus.of("SB+one mfence", """
                    MOV [x],1   | MOV [y],1
                    MFENCE      | MOV EAX,[x]
                    MOV EAX,[y] |
                    0:EAX=0 1:EAX=0
                    """),
            Litmus.of("SB+byte lock", """
                    MOV [x],1           | MOV [y],1
                    LOCK ADD BYTE [z],1 | LOCK ADD BYTE [w],1
                    MOV EAX,[y]         | MOV EAX,[x]
                    0:EAX=0 1:EAX=0
                    """));

    /** Store buffering with something between store and load that drains the store buffer, on both sides. */
    static final List<Litmus> SERIALIZING = Arrays.stream(Barrier.values())
            .map(barrier -> Litmus.of("SB+" + barrier.name().toLowerCase(Locale.ROOT) + " between", """
                    MOV [x],1   | MOV [y],1
                    %1$s        | %1$s
                    MOV EAX,[y] | MOV EAX,[x]
                    0:EAX=0 1:EAX=0
                    """.formatted(barrier)))
            .toList();

    /** Every test there is. */
    static List<Litmus> all() {
        List<Litmus> all = withVariants();
        all.addAll(ATOMICITY);
        all.addAll(MIXED);
        all.addAll(BARRIERS);
        all.addAll(SERIALIZING);
        return all;
    }

    /** The tests of the literature, and their variants with locked accesses and fences. */
    static List<Litmus> withVariants() {
        List<Litmus> all = new ArrayList<>();
        for (Litmus test : CLASSIC) {
            all.add(test);
            all.add(test.withLockedStores());
            all.add(test.withLockedLoads());
            all.add(test.withFences());
        }
        return all;
    }
}
