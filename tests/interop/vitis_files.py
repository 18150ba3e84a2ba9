"""What Vitis HLS leaves behind, in its own formats: of a synthesis (csynth.xml) and of a co-simulation (cosim.rpt)."""

from pathlib import Path

APP = """<project xmlns="com.autoesl.autopilot.project" name="razorsnn_top_prj" top="razorsnn_top">
    <solutions><solution name="solution1" status="active"/></solutions>
</project>
"""
SYNTHESIS = """<profile>
<section name = "General Information" level="0"></section>
<ReportVersion><Version>2023.2</Version></ReportVersion>
<UserAssignments>
<unit>ns</unit>
<ProductFamily>zynquplus</ProductFamily>
<Part>xczu7ev-ffvc1156-2-e</Part>
<TopModelName>razorsnn_top</TopModelName>
<TargetClockPeriod>5.00</TargetClockPeriod>
<ClockUncertainty>1.35</ClockUncertainty>
<FlowTarget>vivado</FlowTarget>
</UserAssignments>
<PerformanceEstimates>
<PipelineType>no</PipelineType>
<SummaryOfTimingAnalysis>
<unit>ns</unit>
<EstimatedClockPeriod>3.644</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<unit>clock cycles</unit>
<Best-caseLatency>{best}</Best-caseLatency>
<Average-caseLatency>undef</Average-caseLatency>
<Worst-caseLatency>{worst}</Worst-caseLatency>
<Interval-min>1235</Interval-min>
<Interval-max>98766</Interval-max>
</SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>61</BRAM_18K><FF>5120</FF><LUT>11234</LUT><URAM>0</URAM><DSP>27</DSP></Resources>
<AvailableResources><BRAM_18K>624</BRAM_18K><DSP>1728</DSP><FF>460800</FF><LUT>230400</LUT><URAM>96</URAM>
</AvailableResources>
</AreaEstimates>
</profile>
"""
COSIM = """
================================================================
== Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2023.2 (64-bit)
================================================================
+----------+----------+-----------------------------------------------+-----------------------------------------------+
|          |          |             Latency(Clock Cycles)             |             Interval(Clock Cycles)            |
+   RTL    +  Status  +-----------------------------------------------+-----------------------------------------------+
|          |          |      min      |      avg      |      max      |      min      |      avg      |      max      |
+----------+----------+-----------------------------------------------+-----------------------------------------------+
|      VHDL|        NA|             NA|             NA|             NA|             NA|             NA|             NA|
|   Verilog|      Pass|           4321|           5000|           6543|           4330|           5010|           6550|
+----------+----------+-----------------------------------------------+-----------------------------------------------+
"""


def write_synthesis(hls: Path, best: str = "1234", worst: str = "98765") -> None:
    solution = hls / "razorsnn_top_prj" / "solution1"
    (solution / "syn" / "report").mkdir(parents=True, exist_ok=True)
    (solution.parent / "hls.app").write_text(APP)
    (solution / "syn" / "report" / "razorsnn_top_csynth.xml").write_text(SYNTHESIS.format(best=best, worst=worst))


def write_cosim(hls: Path) -> None:
    sim = hls / "razorsnn_top_prj" / "solution1" / "sim"
    (sim / "report").mkdir(parents=True, exist_ok=True)
    (sim / "report" / "razorsnn_top_cosim.rpt").write_text(COSIM)
