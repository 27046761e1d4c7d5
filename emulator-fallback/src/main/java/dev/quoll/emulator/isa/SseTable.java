package dev.quoll.emulator.isa;

/// SSE, SSE2, SSE3 and SSSE3 with XMM operands (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class SseTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "sse";

    static final String ROWS = """
            # Moves, shuffles and logic
            NP 0F 10     | MOVUPS Vx,Wx    | SSE unaligned
            NP 0F 11     | MOVUPS Wx,Vx    | SSE unaligned
            NP 0F 28     | MOVAPS Vx,Wx    | SSE
            NP 0F 29     | MOVAPS Wx,Vx    | SSE
            66 0F 10     | MOVUPD Vx,Wx    | SSE2 unaligned
            66 0F 11     | MOVUPD Wx,Vx    | SSE2 unaligned
            66 0F 28     | MOVAPD Vx,Wx    | SSE2
            66 0F 29     | MOVAPD Wx,Vx    | SSE2
            F3 0F 10 mem | MOVSS Vdq,Md    | SSE
            F3 0F 10 reg | MOVSS Vdq,Ud    | rw SSE
            F3 0F 11 mem | MOVSS Md,Vdq    | SSE
            F3 0F 11 reg | MOVSS Ud,Vdq    | rw SSE
            F2 0F 10 mem | MOVSD Vdq,Mq    | SSE2
            F2 0F 10 reg | MOVSD Vdq,Uq    | rw SSE2
            F2 0F 11 mem | MOVSD Mq,Vdq    | SSE2
            F2 0F 11 reg | MOVSD Uq,Vdq    | rw SSE2
            NP 0F 12 mem | MOVLPS Vdq,Mq   | rw SSE
            NP 0F 12 reg | MOVHLPS Vdq,Udq | rw SSE
            66 0F 12     | MOVLPD Vdq,Mq   | rw SSE2
            NP 0F 13     | MOVLPS Mq,Vdq   | SSE
            66 0F 13     | MOVLPD Mq,Vdq   | SSE2
            NP 0F 16 mem | MOVHPS Vdq,Mq   | rw SSE
            NP 0F 16 reg | MOVLHPS Vdq,Udq | rw SSE
            66 0F 16     | MOVHPD Vdq,Mq   | rw SSE2
            NP 0F 17     | MOVHPS Mq,Vdq   | SSE
            66 0F 17     | MOVHPD Mq,Vdq   | SSE2
            F2 0F 12     | MOVDDUP Vdq,Wq  | SSE3
            F3 0F 12     | MOVSLDUP Vx,Wx  | SSE3
            F3 0F 16     | MOVSHDUP Vx,Wx  | SSE3
            NP 0F 14     | UNPCKLPS Vx,Wx  | rw SSE
            NP 0F 15     | UNPCKHPS Vx,Wx  | rw SSE
            NP 0F 2B     | MOVNTPS Mx,Vx   | SSE
            NP 0F 50     | MOVMSKPS Gd,Ux  | SSE
            NP 0F C6     | SHUFPS Vx,Wx,Ib | rw SSE
            NP 0F 54     | ANDPS Vx,Wx     | rw SSE
            NP 0F 55     | ANDNPS Vx,Wx    | rw SSE
            NP 0F 56     | ORPS Vx,Wx      | rw SSE
            NP 0F 57     | XORPS Vx,Wx     | rw SSE
            66 0F 14     | UNPCKLPD Vx,Wx  | rw SSE2
            66 0F 15     | UNPCKHPD Vx,Wx  | rw SSE2
            66 0F 2B     | MOVNTPD Mx,Vx   | SSE2
            66 0F 50     | MOVMSKPD Gd,Ux  | SSE2
            66 0F C6     | SHUFPD Vx,Wx,Ib | rw SSE2
            66 0F 54     | ANDPD Vx,Wx     | rw SSE2
            66 0F 55     | ANDNPD Vx,Wx    | rw SSE2
            66 0F 56     | ORPD Vx,Wx      | rw SSE2
            66 0F 57     | XORPD Vx,Wx     | rw SSE2
            # Arithmetic and compares
            NP 0F 58 | ADDPS Vx,Wx     | rw SSE
            66 0F 58 | ADDPD Vx,Wx     | rw SSE2
            F3 0F 58 | ADDSS Vdq,Wd    | rw SSE
            F2 0F 58 | ADDSD Vdq,Wq    | rw SSE2
            NP 0F 59 | MULPS Vx,Wx     | rw SSE
            66 0F 59 | MULPD Vx,Wx     | rw SSE2
            F3 0F 59 | MULSS Vdq,Wd    | rw SSE
            F2 0F 59 | MULSD Vdq,Wq    | rw SSE2
            NP 0F 5C | SUBPS Vx,Wx     | rw SSE
            66 0F 5C | SUBPD Vx,Wx     | rw SSE2
            F3 0F 5C | SUBSS Vdq,Wd    | rw SSE
            F2 0F 5C | SUBSD Vdq,Wq    | rw SSE2
            NP 0F 5D | MINPS Vx,Wx     | rw SSE
            66 0F 5D | MINPD Vx,Wx     | rw SSE2
            F3 0F 5D | MINSS Vdq,Wd    | rw SSE
            F2 0F 5D | MINSD Vdq,Wq    | rw SSE2
            NP 0F 5E | DIVPS Vx,Wx     | rw SSE
            66 0F 5E | DIVPD Vx,Wx     | rw SSE2
            F3 0F 5E | DIVSS Vdq,Wd    | rw SSE
            F2 0F 5E | DIVSD Vdq,Wq    | rw SSE2
            NP 0F 5F | MAXPS Vx,Wx     | rw SSE
            66 0F 5F | MAXPD Vx,Wx     | rw SSE2
            F3 0F 5F | MAXSS Vdq,Wd    | rw SSE
            F2 0F 5F | MAXSD Vdq,Wq    | rw SSE2
            NP 0F 51 | SQRTPS Vx,Wx    | SSE
            66 0F 51 | SQRTPD Vx,Wx    | SSE2
            F3 0F 51 | SQRTSS Vdq,Wd   | rw SSE
            F2 0F 51 | SQRTSD Vdq,Wq   | rw SSE2
            NP 0F 52 | RSQRTPS Vx,Wx   | SSE
            F3 0F 52 | RSQRTSS Vdq,Wd  | rw SSE
            NP 0F 53 | RCPPS Vx,Wx     | SSE
            F3 0F 53 | RCPSS Vdq,Wd    | rw SSE
            NP 0F C2 | CMPPS Vx,Wx,Ib  | rw SSE
            66 0F C2 | CMPPD Vx,Wx,Ib  | rw SSE2
            F3 0F C2 | CMPSS Vdq,Wd,Ib | rw SSE
            F2 0F C2 | CMPSD Vdq,Wq,Ib | rw SSE2
            NP 0F 2E | UCOMISS Vdq,Wd  | r wf=OSZAPC SSE
            NP 0F 2F | COMISS Vdq,Wd   | r wf=OSZAPC SSE
            66 0F 2E | UCOMISD Vdq,Wq  | r wf=OSZAPC SSE2
            66 0F 2F | COMISD Vdq,Wq   | r wf=OSZAPC SSE2
            66 0F 7C | HADDPD Vx,Wx    | rw SSE3
            66 0F 7D | HSUBPD Vx,Wx    | rw SSE3
            66 0F D0 | ADDSUBPD Vx,Wx  | rw SSE3
            F2 0F 7C | HADDPS Vx,Wx    | rw SSE3
            F2 0F 7D | HSUBPS Vx,Wx    | rw SSE3
            F2 0F D0 | ADDSUBPS Vx,Wx  | rw SSE3
            # Conversions
            F3 0F 2A | CVTSI2SS Vdq,Ey  | rw SSE
            F3 0F 2C | CVTTSS2SI Gy,Wd  | SSE
            F3 0F 2D | CVTSS2SI Gy,Wd   | SSE
            F2 0F 2A | CVTSI2SD Vdq,Ey  | rw SSE2
            F2 0F 2C | CVTTSD2SI Gy,Wq  | SSE2
            F2 0F 2D | CVTSD2SI Gy,Wq   | SSE2
            NP 0F 5A | CVTPS2PD Vx,Wh   | SSE2
            66 0F 5A | CVTPD2PS Vdq,Wx  | SSE2
            F3 0F 5A | CVTSS2SD Vdq,Wd  | rw SSE2
            F2 0F 5A | CVTSD2SS Vdq,Wq  | rw SSE2
            NP 0F 5B | CVTDQ2PS Vx,Wx   | SSE2
            66 0F 5B | CVTPS2DQ Vx,Wx   | SSE2
            F3 0F 5B | CVTTPS2DQ Vx,Wx  | SSE2
            66 0F E6 | CVTTPD2DQ Vdq,Wx | SSE2
            F2 0F E6 | CVTPD2DQ Vdq,Wx  | SSE2
            F3 0F E6 | CVTDQ2PD Vx,Wh   | SSE2
            # Integer moves
            66 0F 6E W1 | MOVQ Vdq,Eq         | SSE2
            66 0F 6E W0 | MOVD Vdq,Ed         | SSE2
            66 0F 7E W1 | MOVQ Eq,Vdq         | SSE2
            66 0F 7E W0 | MOVD Ed,Vdq         | SSE2
            F3 0F 7E    | MOVQ Vdq,Wq         | SSE2
            66 0F D6    | MOVQ Wq,Vdq         | SSE2
            66 0F 6F    | MOVDQA Vx,Wx        | SSE2
            66 0F 7F    | MOVDQA Wx,Vx        | SSE2
            F3 0F 6F    | MOVDQU Vx,Wx        | SSE2 unaligned
            F3 0F 7F    | MOVDQU Wx,Vx        | SSE2 unaligned
            F2 0F F0    | LDDQU Vx,Mx         | SSE3 unaligned
            66 0F E7    | MOVNTDQ Mx,Vx       | SSE2
            66 0F F7    | MASKMOVDQU Vdq,Udq  | r SSE2 ir=J
            66 0F 70    | PSHUFD Vx,Wx,Ib     | SSE2
            F3 0F 70    | PSHUFHW Vx,Wx,Ib    | SSE2
            F2 0F 70    | PSHUFLW Vx,Wx,Ib    | SSE2
            66 0F C4    | PINSRW Vdq,Rd/Mw,Ib | rw SSE2
            66 0F C5    | PEXTRW Gd,Udq,Ib    | SSE2
            66 0F D7    | PMOVMSKB Gd,Ux      | SSE2
            # Integer arithmetic
            66 0F 60    | PUNPCKLBW Vx,Wx  | rw SSE2
            66 0F 61    | PUNPCKLWD Vx,Wx  | rw SSE2
            66 0F 62    | PUNPCKLDQ Vx,Wx  | rw SSE2
            66 0F 63    | PACKSSWB Vx,Wx   | rw SSE2
            66 0F 64    | PCMPGTB Vx,Wx    | rw SSE2
            66 0F 65    | PCMPGTW Vx,Wx    | rw SSE2
            66 0F 66    | PCMPGTD Vx,Wx    | rw SSE2
            66 0F 67    | PACKUSWB Vx,Wx   | rw SSE2
            66 0F 68    | PUNPCKHBW Vx,Wx  | rw SSE2
            66 0F 69    | PUNPCKHWD Vx,Wx  | rw SSE2
            66 0F 6A    | PUNPCKHDQ Vx,Wx  | rw SSE2
            66 0F 6B    | PACKSSDW Vx,Wx   | rw SSE2
            66 0F 6C    | PUNPCKLQDQ Vx,Wx | rw SSE2
            66 0F 6D    | PUNPCKHQDQ Vx,Wx | rw SSE2
            66 0F 74    | PCMPEQB Vx,Wx    | rw SSE2
            66 0F 75    | PCMPEQW Vx,Wx    | rw SSE2
            66 0F 76    | PCMPEQD Vx,Wx    | rw SSE2
            66 0F D1    | PSRLW Vx,Wx      | rw SSE2
            66 0F D2    | PSRLD Vx,Wx      | rw SSE2
            66 0F D3    | PSRLQ Vx,Wx      | rw SSE2
            66 0F D4    | PADDQ Vx,Wx      | rw SSE2
            66 0F D5    | PMULLW Vx,Wx     | rw SSE2
            66 0F D8    | PSUBUSB Vx,Wx    | rw SSE2
            66 0F D9    | PSUBUSW Vx,Wx    | rw SSE2
            66 0F DA    | PMINUB Vx,Wx     | rw SSE2
            66 0F DB    | PAND Vx,Wx       | rw SSE2
            66 0F DC    | PADDUSB Vx,Wx    | rw SSE2
            66 0F DD    | PADDUSW Vx,Wx    | rw SSE2
            66 0F DE    | PMAXUB Vx,Wx     | rw SSE2
            66 0F DF    | PANDN Vx,Wx      | rw SSE2
            66 0F E0    | PAVGB Vx,Wx      | rw SSE2
            66 0F E1    | PSRAW Vx,Wx      | rw SSE2
            66 0F E2    | PSRAD Vx,Wx      | rw SSE2
            66 0F E3    | PAVGW Vx,Wx      | rw SSE2
            66 0F E4    | PMULHUW Vx,Wx    | rw SSE2
            66 0F E5    | PMULHW Vx,Wx     | rw SSE2
            66 0F E8    | PSUBSB Vx,Wx     | rw SSE2
            66 0F E9    | PSUBSW Vx,Wx     | rw SSE2
            66 0F EA    | PMINSW Vx,Wx     | rw SSE2
            66 0F EB    | POR Vx,Wx        | rw SSE2
            66 0F EC    | PADDSB Vx,Wx     | rw SSE2
            66 0F ED    | PADDSW Vx,Wx     | rw SSE2
            66 0F EE    | PMAXSW Vx,Wx     | rw SSE2
            66 0F EF    | PXOR Vx,Wx       | rw SSE2
            66 0F F1    | PSLLW Vx,Wx      | rw SSE2
            66 0F F2    | PSLLD Vx,Wx      | rw SSE2
            66 0F F3    | PSLLQ Vx,Wx      | rw SSE2
            66 0F F4    | PMULUDQ Vx,Wx    | rw SSE2
            66 0F F5    | PMADDWD Vx,Wx    | rw SSE2
            66 0F F6    | PSADBW Vx,Wx     | rw SSE2
            66 0F F8    | PSUBB Vx,Wx      | rw SSE2
            66 0F F9    | PSUBW Vx,Wx      | rw SSE2
            66 0F FA    | PSUBD Vx,Wx      | rw SSE2
            66 0F FB    | PSUBQ Vx,Wx      | rw SSE2
            66 0F FC    | PADDB Vx,Wx      | rw SSE2
            66 0F FD    | PADDW Vx,Wx      | rw SSE2
            66 0F FE    | PADDD Vx,Wx      | rw SSE2
            66 0F 71 /2 | PSRLW Ux,Ib      | rw SSE2
            66 0F 71 /4 | PSRAW Ux,Ib      | rw SSE2
            66 0F 71 /6 | PSLLW Ux,Ib      | rw SSE2
            66 0F 72 /2 | PSRLD Ux,Ib      | rw SSE2
            66 0F 72 /4 | PSRAD Ux,Ib      | rw SSE2
            66 0F 72 /6 | PSLLD Ux,Ib      | rw SSE2
            66 0F 73 /2 | PSRLQ Ux,Ib      | rw SSE2
            66 0F 73 /6 | PSLLQ Ux,Ib      | rw SSE2
            66 0F 73 /3 | PSRLDQ Ux,Ib     | rw SSE2
            66 0F 73 /7 | PSLLDQ Ux,Ib     | rw SSE2
            66 0F 38 00 | PSHUFB Vx,Wx     | rw SSSE3
            66 0F 38 01 | PHADDW Vx,Wx     | rw SSSE3
            66 0F 38 02 | PHADDD Vx,Wx     | rw SSSE3
            66 0F 38 03 | PHADDSW Vx,Wx    | rw SSSE3
            66 0F 38 04 | PMADDUBSW Vx,Wx  | rw SSSE3
            66 0F 38 05 | PHSUBW Vx,Wx     | rw SSSE3
            66 0F 38 06 | PHSUBD Vx,Wx     | rw SSSE3
            66 0F 38 07 | PHSUBSW Vx,Wx    | rw SSSE3
            66 0F 38 08 | PSIGNB Vx,Wx     | rw SSSE3
            66 0F 38 09 | PSIGNW Vx,Wx     | rw SSSE3
            66 0F 38 0A | PSIGND Vx,Wx     | rw SSSE3
            66 0F 38 0B | PMULHRSW Vx,Wx   | rw SSSE3
            66 0F 38 1C | PABSB Vx,Wx      | SSSE3
            66 0F 38 1D | PABSW Vx,Wx      | SSSE3
            66 0F 38 1E | PABSD Vx,Wx      | SSSE3
            66 0F 3A 0F | PALIGNR Vx,Wx,Ib | rw SSSE3
            """;

    private SseTable() {
    }
}
