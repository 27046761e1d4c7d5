package dev.quoll.emulator.smp;

import java.util.Optional;

/**
 * Instructions behind which nothing is read before the processor's stores are seen by all: MFENCE, the serializing ones, and
 * port accesses (SDM vol. 3, 9.3, 12.10). They may change RAX to RDX.
 */
enum Barrier {
    MFENCE("MFENCE"),
    CPUID("CPUID"),
    IN("IN AL,0x80"),
    OUT("OUT 0x80,AL"),
    CR3("""
            MOV RDX,CR3
            MOV CR3,RDX"""),
    INVLPG("INVLPG BYTE [R8]"),
    WBINVD("WBINVD"),
    WRMSR("""
            MOV ECX,0xc0000102      # KERNEL_GS_BASE
            MOV EAX,0
            MOV EDX,0
            WRMSR"""),
    IRETQ("""
            MOV RDX,RSP
            PUSH 0x10
            PUSH RDX
            PUSHF
            PUSH 8
            CALL return%1$d
            JMP on%1$d
            return%1$d:
            IRETQ
            on%1$d:""");

    private final String code;

    Barrier(String code) {
        this.code = code;
    }

    /** The barrier a line of a litmus test names. */
    static Optional<Barrier> named(String text) {
        for (Barrier barrier : values()) {
            if (barrier.name().equals(text)) {
                return Optional.of(barrier);
            }
        }
        return Optional.empty();
    }

    /** @param place a number that no other barrier of the same program has, for its labels */
    String code(int place) {
        return code.formatted(place);
    }
}
