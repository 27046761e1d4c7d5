package dev.quoll.emulator.isa;

/// VEX-coded general-purpose instructions: BMI1 and BMI2 (SDM vol. 2, chapters 3 to 5).
///
/// The notation is explained at [RowParser].
final class BitTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "vex x13";

    static final String ROWS = """
            VEX L0 NP 0F 38 F2    | ANDN Gy,By,Ey  | BMI1 wf=OSZC uf=AP
            VEX L0 NP 0F 38 F3 /1 | BLSR By,Ey     | BMI1 wf=OSZC uf=AP
            VEX L0 NP 0F 38 F3 /2 | BLSMSK By,Ey   | BMI1 wf=OSZC uf=AP
            VEX L0 NP 0F 38 F3 /3 | BLSI By,Ey     | BMI1 wf=OSZC uf=AP
            VEX L0 NP 0F 38 F5    | BZHI Gy,Ey,By  | BMI2 wf=OSZC uf=AP
            VEX L0 F3 0F 38 F5    | PEXT Gy,By,Ey  | BMI2
            VEX L0 F2 0F 38 F5    | PDEP Gy,By,Ey  | BMI2
            VEX L0 F2 0F 38 F6    | MULX Gy,By,Ey  | ww BMI2 ir=D
            VEX L0 NP 0F 38 F7    | BEXTR Gy,Ey,By | BMI1 wf=OZC uf=SAP
            VEX L0 66 0F 38 F7    | SHLX Gy,Ey,By  | BMI2
            VEX L0 F2 0F 38 F7    | SHRX Gy,Ey,By  | BMI2
            VEX L0 F3 0F 38 F7    | SARX Gy,Ey,By  | BMI2
            VEX L0 F2 0F 3A F0    | RORX Gy,Ey,Ib  | BMI2
            """;

    private BitTable() {
    }
}
