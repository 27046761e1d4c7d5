package dev.quoll.emulator.isa;

/// x87 (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class X87Table {
    /// Attributes of every row of this table.
    static final String FAMILY = "FPU x87";

    static final String ROWS = """
            # D8
            D8 /0 mem | FADD Md        | r
            D8 /1 mem | FMUL Md        | r
            D8 /2 mem | FCOM Md        | r
            D8 /3 mem | FCOMP Md       | r
            D8 /4 mem | FSUB Md        | r
            D8 /5 mem | FSUBR Md       | r
            D8 /6 mem | FDIV Md        | r
            D8 /7 mem | FDIVR Md       | r
            D8 /0 reg | FADD ST,ST(i)  | rw
            D8 /1 reg | FMUL ST,ST(i)  | rw
            D8 /2 reg | FCOM ST(i)     | r
            D8 /3 reg | FCOMP ST(i)    | r
            D8 /4 reg | FSUB ST,ST(i)  | rw
            D8 /5 reg | FSUBR ST,ST(i) | rw
            D8 /6 reg | FDIV ST,ST(i)  | rw
            D8 /7 reg | FDIVR ST,ST(i) | rw
            # D9
            D9 /0 mem | FLD Md     | r
            D9 /2 mem | FST Md     |
            D9 /3 mem | FSTP Md    |
            D9 /4 mem | FLDENV M   | r
            D9 /5 mem | FLDCW Mw   | r
            D9 /6 mem | FNSTENV M  | nowait
            D9 /7 mem | FNSTCW Mw  | nowait
            D9 /0 reg | FLD ST(i)  | r
            D9 /1 reg | FXCH ST(i) | rw
            D9 =D0    | FNOP       |
            D9 /3 reg | FSTP ST(i) |
            D9 =E0    | FCHS       |
            D9 =E1    | FABS       |
            D9 =E4    | FTST       |
            D9 =E5    | FXAM       |
            D9 =E8    | FLD1       |
            D9 =E9    | FLDL2T     |
            D9 =EA    | FLDL2E     |
            D9 =EB    | FLDPI      |
            D9 =EC    | FLDLG2     |
            D9 =ED    | FLDLN2     |
            D9 =EE    | FLDZ       |
            D9 =F0    | F2XM1      |
            D9 =F1    | FYL2X      |
            D9 =F2    | FPTAN      |
            D9 =F3    | FPATAN     |
            D9 =F4    | FXTRACT    |
            D9 =F5    | FPREM1     |
            D9 =F6    | FDECSTP    |
            D9 =F7    | FINCSTP    |
            D9 =F8    | FPREM      |
            D9 =F9    | FYL2XP1    |
            D9 =FA    | FSQRT      |
            D9 =FB    | FSINCOS    |
            D9 =FC    | FRNDINT    |
            D9 =FD    | FSCALE     |
            D9 =FE    | FSIN       |
            D9 =FF    | FCOS       |
            # DA
            DA /0 mem | FIADD Md         | r
            DA /1 mem | FIMUL Md         | r
            DA /2 mem | FICOM Md         | r
            DA /3 mem | FICOMP Md        | r
            DA /4 mem | FISUB Md         | r
            DA /5 mem | FISUBR Md        | r
            DA /6 mem | FIDIV Md         | r
            DA /7 mem | FIDIVR Md        | r
            DA /0 reg | FCMOVB ST,ST(i)  | rw CMOV rf=C
            DA /1 reg | FCMOVE ST,ST(i)  | rw CMOV rf=Z
            DA /2 reg | FCMOVBE ST,ST(i) | rw CMOV rf=CZ
            DA /3 reg | FCMOVU ST,ST(i)  | rw CMOV rf=P
            DA =E9    | FUCOMPP          |
            # DB; FNENI, FNDISI and FNSETPM do nothing since the 80387
            DB /0 mem | FILD Md           | r
            DB /1 mem | FISTTP Md         | SSE3
            DB /2 mem | FIST Md           |
            DB /3 mem | FISTP Md          |
            DB /5 mem | FLD Mt            | r
            DB /7 mem | FSTP Mt           |
            DB /0 reg | FCMOVNB ST,ST(i)  | rw CMOV rf=C
            DB /1 reg | FCMOVNE ST,ST(i)  | rw CMOV rf=Z
            DB /2 reg | FCMOVNBE ST,ST(i) | rw CMOV rf=CZ
            DB /3 reg | FCMOVNU ST,ST(i)  | rw CMOV rf=P
            DB =E0    | FNENI             | nowait
            DB =E1    | FNDISI            | nowait
            DB =E2    | FNCLEX            | nowait
            DB =E3    | FNINIT            | nowait
            DB =E4    | FNSETPM           | nowait
            DB /5 reg | FUCOMI ST,ST(i)   | r fcomi
            DB /6 reg | FCOMI ST,ST(i)    | r fcomi
            # DC; the register forms /2 and /3 are aliases of those of D8
            DC /0 mem | FADD Mq        | r
            DC /1 mem | FMUL Mq        | r
            DC /2 mem | FCOM Mq        | r
            DC /3 mem | FCOMP Mq       | r
            DC /4 mem | FSUB Mq        | r
            DC /5 mem | FSUBR Mq       | r
            DC /6 mem | FDIV Mq        | r
            DC /7 mem | FDIVR Mq       | r
            DC /0 reg | FADD ST(i),ST  | rw
            DC /1 reg | FMUL ST(i),ST  | rw
            DC /2 reg | FCOM ST(i)     | r
            DC /3 reg | FCOMP ST(i)    | r
            DC /4 reg | FSUBR ST(i),ST | rw
            DC /5 reg | FSUB ST(i),ST  | rw
            DC /6 reg | FDIVR ST(i),ST | rw
            DC /7 reg | FDIV ST(i),ST  | rw
            # DD
            DD /0 mem | FLD Mq       | r
            DD /1 mem | FISTTP Mq    | SSE3
            DD /2 mem | FST Mq       |
            DD /3 mem | FSTP Mq      |
            DD /4 mem | FRSTOR M     | r
            DD /6 mem | FNSAVE M     | nowait
            DD /7 mem | FNSTSW Mw    | nowait
            DD /0 reg | FFREE ST(i)  | r
            DD /1 reg | FXCH ST(i)   | rw
            DD /2 reg | FST ST(i)    |
            DD /3 reg | FSTP ST(i)   |
            DD /4 reg | FUCOM ST(i)  | r
            DD /5 reg | FUCOMP ST(i) | r
            # DE
            DE /0 mem | FIADD Mw        | r
            DE /1 mem | FIMUL Mw        | r
            DE /2 mem | FICOM Mw        | r
            DE /3 mem | FICOMP Mw       | r
            DE /4 mem | FISUB Mw        | r
            DE /5 mem | FISUBR Mw       | r
            DE /6 mem | FIDIV Mw        | r
            DE /7 mem | FIDIVR Mw       | r
            DE /0 reg | FADDP ST(i),ST  | rw
            DE /1 reg | FMULP ST(i),ST  | rw
            DE /2 reg | FCOMP ST(i)     | r
            DE =D9    | FCOMPP          |
            DE /4 reg | FSUBRP ST(i),ST | rw
            DE /5 reg | FSUBP ST(i),ST  | rw
            DE /6 reg | FDIVRP ST(i),ST | rw
            DE /7 reg | FDIVP ST(i),ST  | rw
            # DF
            DF /0 mem | FILD Mw          | r
            DF /1 mem | FISTTP Mw        | SSE3
            DF /2 mem | FIST Mw          |
            DF /3 mem | FISTP Mw         |
            DF /4 mem | FBLD Mt          | r
            DF /5 mem | FILD Mq          | r
            DF /6 mem | FBSTP Mt         |
            DF /7 mem | FISTP Mq         |
            DF /0 reg | FFREEP ST(i)     | r
            DF /1 reg | FXCH ST(i)       | rw
            DF /2 reg | FSTP ST(i)       |
            DF /3 reg | FSTP ST(i)       |
            DF =E0    | FNSTSW AX        | nowait
            DF /5 reg | FUCOMIP ST,ST(i) | r fcomi
            DF /6 reg | FCOMIP ST,ST(i)  | r fcomi
            9B | FWAIT |
            """;

    private X87Table() {
    }
}
