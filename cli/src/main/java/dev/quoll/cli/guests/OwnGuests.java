package dev.quoll.cli.guests;

import java.util.List;
import java.util.Optional;

/**
 * The guests that {@code quoll lockstep} knows: each goes through one family of things that a CPU does, computes a check sum
 * or leaves its results in memory, and halts. They keep off clocks, so that every run is the same.
 */
public final class OwnGuests {
    private static final OwnGuest INTEGER = new OwnGuest("integer", "arithmetic, logic, shifts, bits and multiplication", """
            cpu0:
            MOV RAX,0x0123456789abcdef
            MOV RBX,0xfedcba9876543210
            MOV R15,60
            again:
            ADD RAX,RBX
            ADC RBX,R15
            SUB EAX,EBX
            SBB BX,AX
            AND RAX,RBX
            OR RAX,R15
            XOR RBX,RAX
            MOV RCX,R15
            SHL RAX,CL
            SHR EBX,CL
            SAR BX,CL
            ROL RAX,CL
            ROR EBX,CL
            RCL AX,CL
            RCR RBX,CL
            SHLD RAX,RBX,CL
            SHRD EBX,EAX,7
            MOV RDX,RAX
            MUL RBX
            IMUL RAX,RBX
            IMUL EAX,EDX,77
            MOV EDX,0
            MOV ECX,0x1234567
            DIV ECX
            CDQ
            IDIV ECX
            BSF RCX,RBX
            BSR RDX,RBX
            BT RBX,RCX
            BTS RBX,13
            BTR RBX,RDX
            BTC EBX,EDX
            XADD RAX,RBX
            CMPXCHG [DATA],RBX
            LOCK XADD [DATA],RBX
            LOCK CMPXCHG8B [DATA+16]
            XCHG [DATA+8],RAX
            LOCK ADD DWORD [DATA+8],EBX
            MOVZX ECX,BL
            MOVSX RCX,BX
            MOVSXD RDX,EBX
            SETBE CL
            CMOVNZ RAX,RBX
            BSWAP RAX
            NEG RBX
            NOT EAX
            LEA RSI,[RAX+RBX*4+0x1234]
            XOR RBX,RSI
            PUSHF
            POP RDI
            MOV RCX,RBX
            AND ECX,0xcd5                 # the arithmetic flags and DF
            PUSH RCX
            POPF
            CLD
            LAHF
            CALL leaf
            DEC R15
            JNZ again
            CLI
            HLT
            leaf:
            ADD RBX,RDI
            CMC
            ADC RBX,RSI
            RET
            """);

    private static final OwnGuest STRING = new OwnGuest("string", "repeated string instructions, up and down", """
            cpu0:
            MOV RDI,DATA
            MOV RAX,0x1122334455667788
            MOV ECX,300
            REP STOSQ
            MOV EAX,0x55
            MOV ECX,77
            REP STOSB
            MOV RSI,DATA+3
            MOV RDI,DATA+0x2ffd            # over a border of pages
            MOV ECX,2100
            REP MOVSB
            MOV RSI,DATA
            MOV RDI,DATA+0x5001
            MOV ECX,600
            REP MOVSW
            MOV RSI,DATA+8
            MOV RDI,DATA                  # source and destination overlap
            MOV ECX,100
            REP MOVSD
            STD
            MOV RSI,DATA+0x200
            MOV RDI,DATA+0x208
            MOV ECX,40
            REP MOVSQ
            CLD
            MOV RDI,DATA
            MOV RSI,DATA+0x2ffa
            MOV ECX,5000
            REPE CMPSB
            PUSHF
            MOV RDI,DATA
            MOV EAX,0x55
            MOV ECX,5000
            REPNE SCASB
            PUSHF
            MOV RSI,DATA
            MOV ECX,9
            REP LODSW
            LODSQ
            MOV ECX,0
            REP MOVSB                     # none at all
            MOV EDX,SCRATCH
            MOV RSI,DATA
            MOV ECX,20
            REP OUTSD
            MOV RDI,DATA+0x100
            MOV ECX,5
            REP INSB
            CLI
            HLT
            """);

    private static final OwnGuest SEGMENT = new OwnGuest("segment", "segment registers, descriptor tables, bases, far returns", """
            cpu0:
            MOV RAX,[GDT+8]
            MOV [GDT+32],RAX              # another code segment at 0x20
            MOV EAX,DATA_SELECTOR
            MOV DS,AX
            MOV ES,AX
            MOV FS,AX
            MOV GS,AX
            MOV SS,AX
            MOV ECX,0xc0000100            # FS.base
            MOV EAX,DATA
            MOV EDX,0
            WRMSR
            MOV ECX,0xc0000101            # GS.base
            MOV EAX,DATA+0x1000
            WRMSR
            MOV ECX,0xc0000102            # KERNEL_GS_BASE
            MOV EAX,DATA+0x2000
            WRMSR
            MOV QWORD FS:[8],0x11
            MOV QWORD GS:[8],0x22
            SWAPGS
            MOV QWORD GS:[8],0x33
            SWAPGS
            MOV RBX,GS:[8]
            RDMSR
            SGDT [DATA+0x100]
            SIDT [DATA+0x110]
            LGDT [DATA+0x100]
            LIDT [DATA+0x110]
            SLDT EAX
            STR EBX
            MOV EAX,0
            MOV FS,AX                     # null: the base goes, on some processors
            MOV EAX,CS
            PUSH 0x20
            MOV RAX,over
            PUSH RAX
            DB 0x48,0xcb                  # RETF with a 64-bit frame
            over:
            MOV EAX,CS
            PUSH CODE_SELECTOR
            MOV RAX,back
            PUSH RAX
            DB 0x48,0xcb
            back:
            MOV RAX,RSP                   # IRETQ to where it stands
            PUSH DATA_SELECTOR
            PUSH RAX
            PUSHF
            PUSH CODE_SELECTOR
            MOV RAX,returned
            PUSH RAX
            IRETQ
            returned:
            CLI
            HLT
            """);

    private static final OwnGuest PAGING = new OwnGuest("paging", "page tables of its own, accessed and dirty bits, page faults", """
            cpu0:
            MOV RDI,DATA                  # a page table for the 2 MiB at 0x40000000
            MOV RAX,DATA+0x10003
            MOV ECX,16
            fill:
            MOV [RDI],RAX
            ADD RDI,8
            ADD RAX,0x1000
            DEC ECX
            JNZ fill
            MOV RAX,DATA+3
            MOV [TABLES+0x3000],RAX       # directory of the second gigabyte
            MOV RAX,CR3
            MOV CR3,RAX
            MOV RBX,0x40000000
            MOV RAX,[RBX+0x1008]          # sets accessed
            MOV QWORD [RBX+0x2010],0x77   # and dirty
            MOV RCX,[DATA+8]
            MOV RDX,[DATA+16]
            MOV QWORD [DATA+16],0         # unmapped: the handler maps it again
            INVLPG [RBX+0x2000]
            MOV RSI,[RBX+0x2010]
            ADD QWORD [RBX+0x2ffe],1      # over the border of two pages
            MOV RAX,DATA+0x13001          # read-only, and CR0.WP is set
            MOV [DATA+24],RAX
            INVLPG [RBX+0x3000]
            MOV QWORD [RBX+0x3000],5
            MOV RAX,CR0
            AND EAX,0xfffeffff            # without WP the supervisor may write
            MOV CR0,RAX
            MOV RAX,DATA+0x14001
            MOV [DATA+32],RAX
            INVLPG [RBX+0x4000]
            MOV QWORD [RBX+0x4000],6
            MOV RAX,[RBX+0x20000]         # beyond the table's entries: one more fault
            CLI
            HLT
            vector_0e:
            PUSH RAX
            PUSH RCX
            INC QWORD [DATA+0x8000]
            MOV RAX,[RSP+16]              # error code
            ADD [DATA+0x8008],RAX
            MOV RAX,CR2
            MOV [DATA+0x8010],RAX
            SHR RAX,9
            AND EAX,0xff8
            LEA RCX,[RAX*1+DATA]
            MOV RAX,CR2
            AND EAX,0xff000
            ADD RAX,DATA+0x10003
            MOV [RCX],RAX
            MOV RAX,CR2
            INVLPG [RAX]
            POP RCX
            POP RAX
            ADD RSP,8
            IRETQ
            """);

    private static final OwnGuest EXCEPTION = new OwnGuest("exception", "exceptions with and without error codes, and a nested one", """
            cpu0:
            MOV EAX,1
            MOV EDX,0
            MOV ECX,0
            DIV ECX                       # 2 bytes
            UD2
            MOV EAX,0x666
            MOV DS,AX                     # 2 bytes
            MOV RBX,0x8000000000000000
            DB 0x8b,0x03                  # MOV EAX,[RBX]: not canonical
            MOV ECX,0x12345
            RDMSR
            MOV RBX,0x50000000
            MOV QWORD [TABLES+0x3400],0
            INVLPG [RBX]
            DB 0x8b,0x03                  # MOV EAX,[RBX]: not present
            MOV RAX,CR0
            OR EAX,8
            MOV CR0,RAX
            DB 0x0f,0x77                  # EMMS: not available
            CLI
            HLT
            vector_00:
            INC QWORD [DATA]
            ADD QWORD [RSP],2
            IRETQ
            vector_06:
            INC QWORD [DATA+8]
            ADD QWORD [RSP],2
            IRETQ
            vector_07:
            INC QWORD [DATA+16]
            CLTS
            ADD QWORD [RSP],2
            IRETQ
            vector_0d:
            INC QWORD [DATA+24]
            MOV RAX,[RSP]
            ADD [DATA+32],RAX
            ADD RSP,8
            ADD QWORD [RSP],2
            UD2                           # one exception inside the other
            IRETQ
            vector_0e:
            INC QWORD [DATA+40]
            MOV RAX,CR2
            MOV [DATA+48],RAX
            ADD RSP,8
            ADD QWORD [RSP],2
            IRETQ
            """);

    private static final OwnGuest INTERRUPT = new OwnGuest("interrupt", "interrupts to itself through the local APIC: priorities, shadows", """
            cpu0:
            MOV RBX,APIC
            MOV DWORD [RBX+0xf0],0x1ff    # software enable
            STI
            NOP
            MOV R12,8
            again:
            MOV DWORD [RBX+0x300],0x40041 # to itself
            NOP
            CLI
            MOV DWORD [RBX+0x300],0x40041
            MOV DWORD [RBX+0x300],0x40061 # the higher one comes first
            MOV RAX,[DATA]
            STI
            INC R13                       # in the shadow of STI
            INC R14
            MOV EAX,0x30                  # task priority above the lower one
            MOV [RBX+0x80],EAX
            MOV DWORD [RBX+0x300],0x40031
            INC R13
            MOV EAX,0
            MOV CR8,RAX
            NOP
            DEC R12
            JNZ again
            CLI
            HLT
            vector_31:
            INC QWORD [DATA]
            MOV DWORD [RBX+0xb0],0
            IRETQ
            vector_41:
            INC QWORD [DATA+8]
            MOV DWORD [RBX+0xb0],0
            IRETQ
            vector_61:
            INC QWORD [DATA+16]
            MOV DWORD [RBX+0xb0],0
            IRETQ
            """);

    private static final OwnGuest GAPS = new OwnGuest("gaps", "what KVM's own interpreter cannot execute at privilege 0", """
            cpu0:
            MOV RAX,CR4
            OR RAX,0x200600               # SMAP, OSXMMEXCPT, OSFXSR
            MOV CR4,RAX
            MOV RSI,DATA
            MOV RAX,0x123456789abcdef
            POPCNT RBX,RAX
            ANDN R8,RAX,RBX
            SHLX R9,RAX,RBX
            CRC32 EDX,EBX
            MOV [RSI],RAX
            MOV RDX,0
            MOV [RSI+8],RDX
            MOV R10,RAX
            LOCK CMPXCHG16B [RSI]
            FNINIT
            FLDPI
            FLD1
            FADDP ST(1),ST(0)
            FSTP QWORD [RSI+16]
            LDMXCSR [mxcsr]
            MOVQ XMM0,[RSI]
            CVTSI2SD XMM1,RAX
            SQRTSD XMM1,XMM1
            MOVAPS [RSI+32],XMM1
            STAC
            CLAC
            INT3
            DB 0xcd,0x80                  # INT 0x80
            MOV RAX,CR4
            OR RAX,0x40000                # OSXSAVE
            MOV CR4,RAX
            MOV ECX,0
            XGETBV
            MOV [RSI+48],EAX
            MOV EAX,7
            MOV EDX,0
            XSAVE [RSI+64]
            PXOR XMM1,XMM1
            XRSTOR [RSI+64]
            MOVQ [RSI+56],XMM1
            CLI
            HLT
            ALIGN 8
            mxcsr:
            DD 0x1f80
            vector_03:
            INC R15
            IRETQ
            vector_80:
            INC R14
            IRETQ
            """);

    private static final List<OwnGuest> ALL = List.of(INTEGER, STRING, SEGMENT, PAGING, EXCEPTION, INTERRUPT, GAPS);

    private OwnGuests() {}

    /** All of them. */
    public static List<OwnGuest> all() {
        return ALL;
    }

    /** The one of that name. */
    public static Optional<OwnGuest> named(String name) {
        return ALL.stream().filter(guest -> guest.name().equals(name)).findFirst();
    }
}
