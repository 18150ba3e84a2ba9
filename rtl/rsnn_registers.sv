// AXI4-Lite registers: identification, control, status, interrupt, counters, keep bits of the last window, and the
// way to rsnn_loader.
// Register map: docs/interface.md. Counters count up from reset and wrap at 2**32.
//   latency    a read answers 2 cycles after its address; a write when address and data are both there, and the loader has
//              it the cycle after and answers in the next one, so that a read behind the write tells; a counter counts 2 cycles after its pulse, and none in the two cycles after a reset
//   handshake  AXI4-Lite, one read and one write at a time; an unknown address reads 0, a write to it does nothing
module rsnn_registers #(
  parameter int unsigned Stages = 1,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned Inputs = 1,
  parameter int unsigned Frames = 4,
  parameter int unsigned Classes = 3,
  parameter int unsigned Layers = 2,
  parameter int unsigned Gates = 1,
  parameter int unsigned Embeddings = 4,
  parameter int unsigned ClassIdentity = 1,
  parameter bit AutoStart = 1'b1,
  localparam int unsigned LayerWidth = (Layers > 1) ? $clog2(Layers) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         awvalid_i,
  output logic                         awready_o,
  input  logic [11:0]                  awaddr_i,
  input  logic                         wvalid_i,
  output logic                         wready_o,
  input  logic [31:0]                  wdata_i,
  output logic                         bvalid_o,
  input  logic                         bready_i,
  input  logic                         arvalid_i,
  output logic                         arready_o,
  input  logic [11:0]                  araddr_i,
  output logic                         rvalid_o,
  input  logic                         rready_i,
  output logic [31:0]                  rdata_o,
  output logic                         run_o,
  output logic                         abort_o,
  output logic                         irq_o,
  output logic                         load_write_o,
  output rsnn_pkg::load_register_e     load_register_o,
  output logic [31:0]                  load_value_o,
  input  logic                         loading_i,
  input  logic                         whole_i,
  input  logic                         refused_i,
  input  logic                         busy_i,
  input  logic                         clearing_i,
  input  logic                         window_done_i,
  input  logic                         unended_i,
  input  logic [Stages-1:0][2:0]       events_i,
  input  logic [Stages-1:0][2:0]       multiplies_i,
  input  logic                         dropped_i,
  input  logic [Stages-1:0][11:0]      saturated_i,
  input  logic [Stages-1:0]            kept_i,
  input  logic [Stages-1:0]            pruned_i,
  input  logic [Stages-1:0][LayerWidth-1:0] layer_i,
  input  logic [Gates-1:0][Frames-1:0] keep_i
);
  localparam int unsigned KeepWords = (Frames + 31) / 32;

  logic [31:0] cycles_q, events_q, multiplies_q, dropped_q, saturations_q, windows_q;
  logic [31:0] kept_q [Layers];
  logic [31:0] pruned_q [Layers];
  logic [1:0] sticky_q, enable_q;
  logic refused_q;
  logic write, read, read_q;
  logic [9:0] read_at_q;
  logic busy_q, window_done_q, drop_q;
  logic [1:0] ran_q;
  logic [Stages-1:0] keep_q, prune_q;
  logic [Stages-1:0][2:0] found_q, multiplied_q;
  logic [31:0] found, multiplied;
  logic [Stages-1:0][11:0] saturated_q;
  logic [Stages-1:0][LayerWidth-1:0] layer_q;
  logic [31:0] saturated;
  logic [31:0] value;
  logic [Gates*KeepWords*32-1:0] keep_words;

  assign awready_o = awvalid_i && wvalid_i && !bvalid_o;
  assign wready_o = awready_o;
  assign write = awready_o;
  assign arready_o = arvalid_i && !rvalid_o && !read_q;
  assign read = arready_o;
  assign irq_o = |(sticky_q & enable_q);

  for (genvar gate = 0; gate < int'(Gates); gate++) begin : gen_keep
    assign keep_words[gate*KeepWords*32 +: KeepWords*32] = (KeepWords*32)'(keep_i[gate]);
  end

  always_comb begin
    value = '0;
    unique case (read_at_q)
      10'h000: value = rsnn_pkg::Identification;
      10'h001: value = rsnn_pkg::Version;
      10'h002: value = 32'(run_o);
      10'h003: value = {25'b0, refused_q, !whole_i, loading_i, sticky_q, clearing_i, busy_i};
      10'h004: value = 32'(enable_q);
      10'h005: value = {4'(Taps), 4'(Embeddings), 8'(Gates), 8'(Layers), 8'(Lanes)};
      10'h006: value = {16'(Classes), 16'(Frames)};
      10'h007: value = 32'(Stages);
      10'h008: value = cycles_q;
      10'h009: value = events_q;
      10'h00a: value = multiplies_q;
      10'h00b: value = dropped_q;
      10'h00c: value = saturations_q;
      10'h00d: value = windows_q;
      10'h00e: value = 32'(Inputs);
      10'h010: value = ClassIdentity;
      default: begin
        for (int unsigned i = 0; i < Layers; i++) begin
          if (read_at_q == 10'(32'h100 + 2 * i)) value = kept_q[i];
          if (read_at_q == 10'(32'h101 + 2 * i)) value = pruned_q[i];
        end
        for (int unsigned i = 0; i < Gates * KeepWords; i++) begin
          if (read_at_q == 10'(32'h200 + i)) value = keep_words[i*32 +: 32];
        end
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    abort_o <= 1'b0;
    read_at_q <= araddr_i[11:2];
    if (read_q) rdata_o <= value;
    load_register_o <= rsnn_pkg::load_register_e'(awaddr_i[3:2]);
    load_value_o <= wdata_i;
    if (!rst_ni) begin
      bvalid_o <= 1'b0;
      rvalid_o <= 1'b0;
      read_q <= 1'b0;
      load_write_o <= 1'b0;
      run_o <= AutoStart;
      sticky_q <= '0;
      enable_q <= '0;
      refused_q <= 1'b0;
    end else begin
      bvalid_o <= write || (bvalid_o && !bready_i);
      read_q <= read;
      rvalid_o <= read_q || (rvalid_o && !rready_i);
      load_write_o <= write && awaddr_i[11:4] == 8'h04;
      sticky_q <= sticky_q | {unended_i, window_done_i};
      refused_q <= refused_q || refused_i;
      if (write) begin
        unique case (awaddr_i[11:2])
          10'h002: begin
            if (wdata_i[0]) run_o <= 1'b1;
            if (wdata_i[1]) begin
              run_o <= 1'b0;
              abort_o <= 1'b1;
            end
          end
          10'h003: begin
            sticky_q <= (sticky_q & ~wdata_i[3:2]) | {unended_i, window_done_i};
            refused_q <= (refused_q || refused_i) && !wdata_i[6];
          end
          10'h004: enable_q <= wdata_i[1:0];
          default: ;
        endcase
      end
    end
  end

  always_comb begin
    {saturated, found, multiplied} = '0;
    for (int unsigned s = 0; s < Stages; s++) begin
      saturated += 32'(saturated_q[s]);
      found += 32'(found_q[s]);
      multiplied += 32'(multiplied_q[s]);
    end
  end

  // Pulses come from all over the device: a register for the way here. For two cycles after a reset they may be of what
  // was before it, or of no window at all.
  always_ff @(posedge clk_i) begin
    ran_q <= {ran_q[0], rst_ni};
    layer_q <= layer_i;
    if (!rst_ni || ran_q != '1) begin
      {busy_q, window_done_q, found_q, multiplied_q, drop_q, keep_q, prune_q, saturated_q} <= '0;
    end else begin
      {busy_q, window_done_q, found_q, multiplied_q, drop_q, keep_q, prune_q, saturated_q}
        <= {busy_i, window_done_i, events_i, multiplies_i, dropped_i, kept_i, pruned_i, saturated_i};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {cycles_q, events_q, multiplies_q, dropped_q, saturations_q, windows_q} <= '0;
      for (int unsigned i = 0; i < Layers; i++) {kept_q[i], pruned_q[i]} <= '0;
    end else begin
      cycles_q <= cycles_q + 32'(busy_q);
      events_q <= events_q + found;
      multiplies_q <= multiplies_q + multiplied;
      dropped_q <= dropped_q + 32'(drop_q);
      saturations_q <= saturations_q + saturated;
      windows_q <= windows_q + 32'(window_done_q);
      for (int unsigned i = 0; i < Layers; i++) begin
        for (int unsigned s = 0; s < Stages; s++) begin
          if (32'(layer_q[s]) == i) begin
            kept_q[i] <= kept_q[i] + 32'(keep_q[s]);
            pruned_q[i] <= pruned_q[i] + 32'(prune_q[s]);
          end
        end
      end
    end
  end

  logic unused;
  assign unused = ^{wdata_i, awaddr_i[1:0], araddr_i[1:0]};
endmodule
