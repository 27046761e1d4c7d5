package dev.quoll.emulator.isa;

/// Instructions with MMX operands (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class MmxTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "MMX mmx";

    static final String ROWS = """
            # Moves and conversions
            NP 0F 6E W0 | MOVD Pq,Ed         |
            NP 0F 6E W1 | MOVQ Pq,Eq         |
            NP 0F 7E W0 | MOVD Ed,Pq         |
            NP 0F 7E W1 | MOVQ Eq,Pq         |
            NP 0F 6F    | MOVQ Pq,Qq         |
            NP 0F 7F    | MOVQ Qq,Pq         |
            NP 0F 77    | EMMS               |
            NP 0F 70    | PSHUFW Pq,Qq,Ib    | SSE
            NP 0F C4    | PINSRW Pq,Rd/Mw,Ib | rw SSE
            NP 0F C5    | PEXTRW Gd,Nq,Ib    | SSE
            NP 0F D7    | PMOVMSKB Gd,Nq     | SSE
            NP 0F E7    | MOVNTQ Mq,Pq       | SSE
            NP 0F F7    | MASKMOVQ Pq,Nq     | r SSE ir=J
            NP 0F 2A    | CVTPI2PS Vdq,Qq    | rw SSE sse
            66 0F 2A    | CVTPI2PD Vdq,Qq    | SSE2 sse
            NP 0F 2C    | CVTTPS2PI Pq,Wq    | SSE sse
            66 0F 2C    | CVTTPD2PI Pq,Wdq   | SSE2 sse
            NP 0F 2D    | CVTPS2PI Pq,Wq     | SSE sse
            66 0F 2D    | CVTPD2PI Pq,Wdq    | SSE2 sse
            F3 0F D6    | MOVQ2DQ Vdq,Nq     | SSE2 sse
            F2 0F D6    | MOVDQ2Q Pq,Uq      | SSE2 sse
            # Arithmetic
            NP 0F 60    | PUNPCKLBW Pq,Qd  | rw
            NP 0F 61    | PUNPCKLWD Pq,Qd  | rw
            NP 0F 62    | PUNPCKLDQ Pq,Qd  | rw
            NP 0F 63    | PACKSSWB Pq,Qq   | rw
            NP 0F 64    | PCMPGTB Pq,Qq    | rw
            NP 0F 65    | PCMPGTW Pq,Qq    | rw
            NP 0F 66    | PCMPGTD Pq,Qq    | rw
            NP 0F 67    | PACKUSWB Pq,Qq   | rw
            NP 0F 68    | PUNPCKHBW Pq,Qq  | rw
            NP 0F 69    | PUNPCKHWD Pq,Qq  | rw
            NP 0F 6A    | PUNPCKHDQ Pq,Qq  | rw
            NP 0F 6B    | PACKSSDW Pq,Qq   | rw
            NP 0F 74    | PCMPEQB Pq,Qq    | rw
            NP 0F 75    | PCMPEQW Pq,Qq    | rw
            NP 0F 76    | PCMPEQD Pq,Qq    | rw
            NP 0F D1    | PSRLW Pq,Qq      | rw
            NP 0F D2    | PSRLD Pq,Qq      | rw
            NP 0F D3    | PSRLQ Pq,Qq      | rw
            NP 0F D4    | PADDQ Pq,Qq      | rw SSE2
            NP 0F D5    | PMULLW Pq,Qq     | rw
            NP 0F D8    | PSUBUSB Pq,Qq    | rw
            NP 0F D9    | PSUBUSW Pq,Qq    | rw
            NP 0F DA    | PMINUB Pq,Qq     | rw SSE
            NP 0F DB    | PAND Pq,Qq       | rw
            NP 0F DC    | PADDUSB Pq,Qq    | rw
            NP 0F DD    | PADDUSW Pq,Qq    | rw
            NP 0F DE    | PMAXUB Pq,Qq     | rw SSE
            NP 0F DF    | PANDN Pq,Qq      | rw
            NP 0F E0    | PAVGB Pq,Qq      | rw SSE
            NP 0F E1    | PSRAW Pq,Qq      | rw
            NP 0F E2    | PSRAD Pq,Qq      | rw
            NP 0F E3    | PAVGW Pq,Qq      | rw SSE
            NP 0F E4    | PMULHUW Pq,Qq    | rw SSE
            NP 0F E5    | PMULHW Pq,Qq     | rw
            NP 0F E8    | PSUBSB Pq,Qq     | rw
            NP 0F E9    | PSUBSW Pq,Qq     | rw
            NP 0F EA    | PMINSW Pq,Qq     | rw SSE
            NP 0F EB    | POR Pq,Qq        | rw
            NP 0F EC    | PADDSB Pq,Qq     | rw
            NP 0F ED    | PADDSW Pq,Qq     | rw
            NP 0F EE    | PMAXSW Pq,Qq     | rw SSE
            NP 0F EF    | PXOR Pq,Qq       | rw
            NP 0F F1    | PSLLW Pq,Qq      | rw
            NP 0F F2    | PSLLD Pq,Qq      | rw
            NP 0F F3    | PSLLQ Pq,Qq      | rw
            NP 0F F4    | PMULUDQ Pq,Qq    | rw SSE2
            NP 0F F5    | PMADDWD Pq,Qq    | rw
            NP 0F F6    | PSADBW Pq,Qq     | rw SSE
            NP 0F F8    | PSUBB Pq,Qq      | rw
            NP 0F F9    | PSUBW Pq,Qq      | rw
            NP 0F FA    | PSUBD Pq,Qq      | rw
            NP 0F FB    | PSUBQ Pq,Qq      | rw SSE2
            NP 0F FC    | PADDB Pq,Qq      | rw
            NP 0F FD    | PADDW Pq,Qq      | rw
            NP 0F FE    | PADDD Pq,Qq      | rw
            NP 0F 71 /2 | PSRLW Nq,Ib      | rw
            NP 0F 71 /4 | PSRAW Nq,Ib      | rw
            NP 0F 71 /6 | PSLLW Nq,Ib      | rw
            NP 0F 72 /2 | PSRLD Nq,Ib      | rw
            NP 0F 72 /4 | PSRAD Nq,Ib      | rw
            NP 0F 72 /6 | PSLLD Nq,Ib      | rw
            NP 0F 73 /2 | PSRLQ Nq,Ib      | rw
            NP 0F 73 /6 | PSLLQ Nq,Ib      | rw
            NP 0F 38 00 | PSHUFB Pq,Qq     | rw SSSE3
            NP 0F 38 01 | PHADDW Pq,Qq     | rw SSSE3
            NP 0F 38 02 | PHADDD Pq,Qq     | rw SSSE3
            NP 0F 38 03 | PHADDSW Pq,Qq    | rw SSSE3
            NP 0F 38 04 | PMADDUBSW Pq,Qq  | rw SSSE3
            NP 0F 38 05 | PHSUBW Pq,Qq     | rw SSSE3
            NP 0F 38 06 | PHSUBD Pq,Qq     | rw SSSE3
            NP 0F 38 07 | PHSUBSW Pq,Qq    | rw SSSE3
            NP 0F 38 08 | PSIGNB Pq,Qq     | rw SSSE3
            NP 0F 38 09 | PSIGNW Pq,Qq     | rw SSSE3
            NP 0F 38 0A | PSIGND Pq,Qq     | rw SSSE3
            NP 0F 38 0B | PMULHRSW Pq,Qq   | rw SSSE3
            NP 0F 38 1C | PABSB Pq,Qq      | SSSE3
            NP 0F 38 1D | PABSW Pq,Qq      | SSSE3
            NP 0F 38 1E | PABSD Pq,Qq      | SSSE3
            NP 0F 3A 0F | PALIGNR Pq,Qq,Ib | rw SSSE3
            """;

    private MmxTable() {
    }
}
