package dev.quoll.emulator.isa;

/// General-purpose and system instructions of the maps 0F and 0F 38 (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class TwoByteTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "";

    static final String ROWS = """
            # System. Where #UD of a mode or control bit comes before #GP of the privilege, the op checks both
            0F 00 /0         | SLDT Rv/Mw | pm
            0F 00 /1         | STR Rv/Mw  | pm
            0F 00 /2         | LLDT Ew    | r pm cpl0 sys
            0F 00 /3         | LTR Ew     | r pm cpl0 sys
            0F 00 /4         | VERR Ew    | r pm wf=Z
            0F 00 /5         | VERW Ew    | r pm wf=Z
            0F 01 /0         | SGDT Ms    | f64
            0F 01 /1         | SIDT Ms    | f64
            0F 01 /2         | LGDT Ms    | r f64 cpl0 sys
            0F 01 /3         | LIDT Ms    | r f64 cpl0 sys
            0F 01 /4         | SMSW Rv/Mw |
            0F 01 /6         | LMSW Ew    | r cpl0 sys
            0F 01 /7         | INVLPG Mb  | r addr cpl0 sys
            NP 0F 01 =C1     | VMCALL     | HYPERVISOR far ir=ABCDIJ iw=A
            NP 0F 01 =C8     | MONITOR    | MONITOR ir=ACD
            NP 0F 01 =C9     | MWAIT      | MONITOR far ir=AC
            NP 0F 01 =CA     | CLAC       | SMAP cpl0 wf=K
            NP 0F 01 =CB     | STAC       | SMAP cpl0 wf=K
            NP 0F 01 =D0     | XGETBV     | XSAVE ir=C iw=AD
            NP 0F 01 =D1     | XSETBV     | XSAVE sys ir=ACD
            0F 01 =D9        | VMMCALL    | HYPERVISOR far ir=ABCDIJ iw=A
            NP 0F 01 =E8     | SERIALIZE  | SERIALIZE sys
            NP 0F 01 =EE     | RDPKRU     | PKU ir=C iw=AD
            NP 0F 01 =EF     | WRPKRU     | PKU sys ir=ACD
            0F 01 =F8 m64    | SWAPGS     | cpl0
            0F 01 =F9        | RDTSCP     | RDTSCP iw=ACD
            0F 01 =FC        | CLZERO     | CLZERO ir=A
            0F 02            | LAR Gv,Ew  | rw pm wf=Z
            0F 03            | LSL Gv,Ew  | rw pm wf=Z
            0F 05            | SYSCALL    | SYSCALL far wf=* rf=* iw=Cb
            0F 06            | CLTS       | cpl0 sys
            0F 07            | SYSRET     | SYSCALL far wf=* ir=Cb
            0F 08            | INVD       | cpl0 sys
            0F 09            | WBINVD     | cpl0 sys
            0F 0B            | UD2        | far
            0F B9            | UD1 Gv,Ev  | r addr far
            0F FF            | UD0 Gv,Ev  | r addr far
            0F 20            | MOV Rv,Cv  | native anymod cpl0 uf=OSZAPC
            0F 21            | MOV Rv,Dv  | native anymod cpl0 uf=OSZAPC
            0F 22            | MOV Cv,Rv  | native anymod cpl0 sys uf=OSZAPC
            0F 23            | MOV Dv,Rv  | native anymod cpl0 sys uf=OSZAPC
            0F 30            | WRMSR      | MSR cpl0 sys ir=ACD
            0F 31            | RDTSC      | TSC iw=AD
            0F 32            | RDMSR      | MSR cpl0 ir=C iw=AD
            0F 33            | RDPMC      | ir=C iw=AD
            0F 34            | SYSENTER   | SEP far wf=IVR iw=S
            0F 35            | SYSEXIT    | SEP far ir=CD iw=S
            0F A2            | CPUID      | ir=AC iw=ACDB
            0F AA            | RSM        | far wf=*
            # Hints. The space of 0F 18 to 0F 1F is all NOPs, control-flow enforcement included where it is off
            0F 0D /0     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /1     | PREFETCHW Mb   | r addr PREFETCHW
            0F 0D /2     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /3     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /4     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /5     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /6     | PREFETCH Mb    | r addr PREFETCHW
            0F 0D /7     | PREFETCH Mb    | r addr PREFETCHW
            0F 18 /0     | PREFETCHNTA Mb | r addr SSE
            0F 18 /1     | PREFETCHT0 Mb  | r addr SSE
            0F 18 /2     | PREFETCHT1 Mb  | r addr SSE
            0F 18 /3     | PREFETCHT2 Mb  | r addr SSE
            0F 18        | NOP Ev         | r addr
            0F 19        | NOP Ev         | r addr
            0F 1A        | NOP Ev         | r addr
            0F 1B        | NOP Ev         | r addr
            0F 1C        | NOP Ev         | r addr
            0F 1D        | NOP Ev         | r addr
            F3 0F 1E =FA | ENDBR64        |
            F3 0F 1E =FB | ENDBR32        |
            0F 1E        | NOP Ev         | r addr
            0F 1F        | NOP Ev         | r addr
            # Conditions
            0F 40 | CMOVCC Gv,Ev | rw CMOV rf=O
            0F 41 | CMOVCC Gv,Ev | rw CMOV rf=O
            0F 42 | CMOVCC Gv,Ev | rw CMOV rf=C
            0F 43 | CMOVCC Gv,Ev | rw CMOV rf=C
            0F 44 | CMOVCC Gv,Ev | rw CMOV rf=Z
            0F 45 | CMOVCC Gv,Ev | rw CMOV rf=Z
            0F 46 | CMOVCC Gv,Ev | rw CMOV rf=CZ
            0F 47 | CMOVCC Gv,Ev | rw CMOV rf=CZ
            0F 48 | CMOVCC Gv,Ev | rw CMOV rf=S
            0F 49 | CMOVCC Gv,Ev | rw CMOV rf=S
            0F 4A | CMOVCC Gv,Ev | rw CMOV rf=P
            0F 4B | CMOVCC Gv,Ev | rw CMOV rf=P
            0F 4C | CMOVCC Gv,Ev | rw CMOV rf=SO
            0F 4D | CMOVCC Gv,Ev | rw CMOV rf=SO
            0F 4E | CMOVCC Gv,Ev | rw CMOV rf=ZSO
            0F 4F | CMOVCC Gv,Ev | rw CMOV rf=ZSO
            0F 80 | JCC Jz       | r cond d64 rf=O
            0F 81 | JCC Jz       | r cond d64 rf=O
            0F 82 | JCC Jz       | r cond d64 rf=C
            0F 83 | JCC Jz       | r cond d64 rf=C
            0F 84 | JCC Jz       | r cond d64 rf=Z
            0F 85 | JCC Jz       | r cond d64 rf=Z
            0F 86 | JCC Jz       | r cond d64 rf=CZ
            0F 87 | JCC Jz       | r cond d64 rf=CZ
            0F 88 | JCC Jz       | r cond d64 rf=S
            0F 89 | JCC Jz       | r cond d64 rf=S
            0F 8A | JCC Jz       | r cond d64 rf=P
            0F 8B | JCC Jz       | r cond d64 rf=P
            0F 8C | JCC Jz       | r cond d64 rf=SO
            0F 8D | JCC Jz       | r cond d64 rf=SO
            0F 8E | JCC Jz       | r cond d64 rf=ZSO
            0F 8F | JCC Jz       | r cond d64 rf=ZSO
            0F 90 | SETCC Eb     | rf=O
            0F 91 | SETCC Eb     | rf=O
            0F 92 | SETCC Eb     | rf=C
            0F 93 | SETCC Eb     | rf=C
            0F 94 | SETCC Eb     | rf=Z
            0F 95 | SETCC Eb     | rf=Z
            0F 96 | SETCC Eb     | rf=CZ
            0F 97 | SETCC Eb     | rf=CZ
            0F 98 | SETCC Eb     | rf=S
            0F 99 | SETCC Eb     | rf=S
            0F 9A | SETCC Eb     | rf=P
            0F 9B | SETCC Eb     | rf=P
            0F 9C | SETCC Eb     | rf=SO
            0F 9D | SETCC Eb     | rf=SO
            0F 9E | SETCC Eb     | rf=ZSO
            0F 9F | SETCC Eb     | rf=ZSO
            # Integer
            0F A0       | PUSH FS        | r d64 stack
            0F A1       | POP FS         | d64 stack sys
            0F A8       | PUSH GS        | r d64 stack
            0F A9       | POP GS         | d64 stack sys
            0F B2       | LSS Gv,Mp      | max32 sys
            0F B4       | LFS Gv,Mp      | max32 sys
            0F B5       | LGS Gv,Mp      | max32 sys
            0F A3       | BT Ev,Gv       | r wf=C uf=OSAP
            0F AB       | BTS Ev,Gv      | rw lock wf=C uf=OSAP
            0F B3       | BTR Ev,Gv      | rw lock wf=C uf=OSAP
            0F BB       | BTC Ev,Gv      | rw lock wf=C uf=OSAP
            0F BA /4    | BT Ev,Ib       | r wf=C uf=OSAP
            0F BA /5    | BTS Ev,Ib      | rw lock wf=C uf=OSAP
            0F BA /6    | BTR Ev,Ib      | rw lock wf=C uf=OSAP
            0F BA /7    | BTC Ev,Ib      | rw lock wf=C uf=OSAP
            0F A4       | SHLD Ev,Gv,Ib  | rw wf=SZPC uf=OA keepf
            0F A5       | SHLD Ev,Gv,CL  | rw wf=SZPC uf=OA keepf
            0F AC       | SHRD Ev,Gv,Ib  | rw wf=SZPC uf=OA keepf
            0F AD       | SHRD Ev,Gv,CL  | rw wf=SZPC uf=OA keepf
            0F AF       | IMUL Gv,Ev     | rw wf=OC uf=SZAP
            0F B0       | CMPXCHG Eb,Gb  | rw lock arith ir=A iw=A
            0F B1       | CMPXCHG Ev,Gv  | rw lock arith ir=A iw=A
            0F B6       | MOVZX Gv,Eb    |
            0F B7       | MOVZX Gv,Ew    |
            0F BE       | MOVSX Gv,Eb    |
            0F BF       | MOVSX Gv,Ew    |
            F3 0F B8    | POPCNT Gv,Ev   | POPCNT arith
            F3 0F BC    | TZCNT Gv,Ev    | BMI1 wf=ZC uf=OSAP
            0F BC       | BSF Gv,Ev      | rw wf=Z uf=OSAPC
            F3 0F BD    | LZCNT Gv,Ev    | LZCNT wf=ZC uf=OSAP
            0F BD       | BSR Gv,Ev      | rw wf=Z uf=OSAPC
            0F C0       | XADD Eb,Gb     | rwrw lock arith
            0F C1       | XADD Ev,Gv     | rwrw lock arith
            NP 0F C3    | MOVNTI My,Gy   | SSE2
            0F C8       | BSWAP Zv       | rw
            0F C9       | BSWAP Zv       | rw
            0F CA       | BSWAP Zv       | rw
            0F CB       | BSWAP Zv       | rw
            0F CC       | BSWAP Zv       | rw
            0F CD       | BSWAP Zv       | rw
            0F CE       | BSWAP Zv       | rw
            0F CF       | BSWAP Zv       | rw
            0F C7 /1 W0 | CMPXCHG8B Mq   | rw lock CX8 wf=Z ir=ACDB iw=AD
            0F C7 /1 W1 | CMPXCHG16B Mdq | rw lock CX16 wf=Z ir=ACDB iw=AD align
            NF 0F C7 /6 | RDRAND Rv      | RDRAND arith
            NF 0F C7 /7 | RDSEED Rv      | RDSEED arith
            F3 0F C7 /7 | RDPID Rv       | RDPID native
            # State and fences
            F3 0F AE /0 m64 | RDFSBASE Ry   | FSGSBASE
            F3 0F AE /1 m64 | RDGSBASE Ry   | FSGSBASE
            F3 0F AE /2 m64 | WRFSBASE Ry   | r FSGSBASE
            F3 0F AE /3 m64 | WRGSBASE Ry   | r FSGSBASE
            NP 0F AE /0     | FXSAVE M      | FXSR fx nowait
            NP 0F AE /1     | FXRSTOR M     | r FXSR fx nowait
            NP 0F AE /2     | LDMXCSR Md    | r SSE sse
            NP 0F AE /3     | STMXCSR Md    | SSE sse
            NP 0F AE /4     | XSAVE M       | XSAVE xs ir=AD
            NP 0F AE /5 mem | XRSTOR M      | r XSAVE xs ir=AD
            NP 0F AE /6 mem | XSAVEOPT M    | XSAVEOPT xs ir=AD
            NP 0F AE /7 mem | CLFLUSH Mb    | r CLFSH
            NP 0F AE /5 reg | LFENCE        | SSE2
            NP 0F AE /6 reg | MFENCE        | SSE2
            NP 0F AE /7 reg | SFENCE        | SSE
            66 0F AE /6     | CLWB Mb       | r CLWB
            66 0F AE /7     | CLFLUSHOPT Mb | r CLFLUSHOPT
            NP 0F C7 /3     | XRSTORS M     | r XSAVES xs cpl0 ir=AD
            NP 0F C7 /4     | XSAVEC M      | XSAVEC xs ir=AD
            NP 0F C7 /5     | XSAVES M      | XSAVES xs cpl0 ir=AD
            # Three-byte maps
            NF 0F 38 F0 | MOVBE Gv,Mv    | MOVBE
            NF 0F 38 F1 | MOVBE Mv,Gv    | MOVBE
            F2 0F 38 F0 | CRC32 Gy,Eb    | rw SSE4_2
            F2 0F 38 F1 | CRC32 Gy,Ev    | rw SSE4_2
            66 0F 38 F6 | ADCX Gy,Ey     | rw ADX rf=C wf=C
            F3 0F 38 F6 | ADOX Gy,Ey     | rw ADX rf=O wf=O
            66 0F 38 82 | INVPCID Gv,Mdq | r INVPCID native cpl0 sys
            NP 0F 38 F9 | MOVDIRI My,Gy  | MOVDIRI
            """;

    private TwoByteTable() {
    }
}
