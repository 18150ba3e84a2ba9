// Sequencer of frames that stream: each one goes through all layers, in the order of the layer table, as soon as it is
// there; a pruned frame is not scanned.
// Contract: python/razorsnn/layertable.py (fields), python/razorsnn/targets/cycles.py (cycles).
//   order      the first membranes of every layer; then frame by frame, and of each layer by layer, scan and neuron pass
//   latency    every state change takes one cycle; rsnn_pkg::DrainCycles after a scan, so that the pass follows the last
//              event through the engine; the next layer's row is read once the last output is put out (pass_put_i): it
//              reads what the pass puts out, and by its turn tally_i is whole
//   handshake  begun_i is seen when no window runs; held_i: a frame is there, until free_o, when the first layer has
//              scanned it; scan, pass and emit are pulses; scan_done_i: no event of turn_o is left; pass_free_i: the next
//              pass may come. tally_i: of what was put out last, and holds until the next output
module rsnn_frame_sequencer #(
  parameter int unsigned Frames = 4,
  parameter int unsigned Rows = 2,
  parameter int unsigned Gates = 1,
  parameter int unsigned LoadBits = 512,
  parameter bit Fixed = 1'b0,
  parameter string TableFile = "",
  parameter string KeepFile = "",
  localparam int unsigned RowWidth = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int unsigned GateWidth = (Gates > 1) ? $clog2(Gates) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          begun_i,
  input  logic                          held_i,
  output logic                          free_o,
  output logic                          running_o,
  output rsnn_pkg::layer_t              layer_o,
  output logic [RowWidth-1:0]           row_o,
  output logic                          first_frame_o,
  input  logic                          tally_i,
  output logic                          scan_start_o,
  output logic                          take_o,
  output logic                          turn_o,
  input  logic                          scan_done_i,
  output logic                          pass_o,
  output logic                          pass_init_o,
  input  logic                          pass_free_i,
  input  logic                          pass_put_i,
  output logic                          emit_o,
  input  logic                          emit_done_i,
  output logic                          kept_o,
  output logic                          pruned_o,
  output logic [Gates-1:0][Frames-1:0]  keep_o,
  input  logic [rsnn_pkg::Memories-1:0] load_i,
  input  logic [23:0]                   load_addr_i,
  input  logic [LoadBits-1:0]           load_data_i
);
  localparam int unsigned FrameWidth = (Frames > 1) ? $clog2(Frames) : 1;

  typedef enum logic [3:0] {Idle, Fetch, Decode, Preset, PresetWait, Turn, Scan, Drain, PutWait, Emit, EmitWait} state_e;

  state_e state_q;
  rsnn_pkg::layer_t layer;
  logic [RowWidth-1:0] row_q;
  logic [GateWidth-1:0] gate_q;
  logic [FrameWidth-1:0] frame_q;
  logic [1:0] drain_q;
  logic [Frames-1:0] fixed;
  logic presetting_q, held_q, turn_q, fixed_now_q, keep, ready, scanned, drained;

  rsnn_layer_table #(
    .Frames(Frames), .Rows(Rows), .LoadBits(LoadBits), .Fixed(Fixed), .TableFile(TableFile), .KeepFile(KeepFile)
  ) u_table (
    .clk_i, .fetch_i(state_q == Fetch), .row_i(row_q), .layer_o(layer), .fixed_o(fixed), .load_i, .load_addr_i, .load_data_i
  );
  assign layer_o = layer;

  // A frame that is held may be read a cycle later.
  assign keep = layer.tallied ? tally_i : fixed_now_q;
  assign ready = row_q != '0 || held_q;
  assign scanned = state_q == Scan && scan_done_i;
  assign drained = state_q == Drain && drain_q == '0;
  assign row_o = row_q;
  assign first_frame_o = frame_q == '0;
  assign kept_o = state_q == Turn && ready && keep;
  assign pruned_o = state_q == Turn && ready && !keep;
  assign scan_start_o = kept_o;
  assign take_o = kept_o || state_q == Scan;
  assign turn_o = turn_q;
  assign free_o = scanned && row_q == '0;
  assign pass_init_o = state_q == Preset;
  assign pass_o = pass_init_o || pruned_o || drained;
  assign emit_o = state_q == Emit;
  assign running_o = state_q != Idle;

  always_ff @(posedge clk_i) begin
    held_q <= rst_ni && held_i && !free_o;
    fixed_now_q <= fixed[frame_q];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      keep_o <= '0;
      turn_q <= 1'b0;
    end else begin
      turn_q <= turn_q ^ scanned;
      unique case (state_q)
        Idle: if (begun_i) begin
          state_q <= Fetch;
          presetting_q <= 1'b1;
          row_q <= '0;
          gate_q <= '0;
          frame_q <= '0;
          keep_o <= '0;
        end
        Fetch: state_q <= Decode;
        Decode: state_q <= presetting_q ? Preset : Turn;
        Preset: state_q <= PresetWait;
        PresetWait: if (pass_free_i) begin
          state_q <= Fetch;
          presetting_q <= !layer.last;
          row_q <= layer.last ? '0 : row_q + 1'b1;
        end
        Turn: if (ready) begin
          state_q <= keep ? Scan : PutWait;
          if (layer.fixed || layer.tallied) begin
            keep_o[gate_q][frame_q] <= keep;
            gate_q <= gate_q + 1'b1;
          end
        end
        Scan: if (scanned) begin
          state_q <= Drain;
          drain_q <= 2'(rsnn_pkg::DrainCycles - 1);
        end
        Drain: begin
          drain_q <= drain_q - 1'b1;
          if (drained) state_q <= PutWait;
        end
        PutWait: if (pass_put_i) begin
          state_q <= Fetch;
          row_q <= row_q + 1'b1;
          if (layer.last) begin
            row_q <= '0;
            gate_q <= '0;
            frame_q <= frame_q + 1'b1;
            if (frame_q == FrameWidth'(Frames - 1)) state_q <= Emit;
          end
        end
        Emit: state_q <= EmitWait;
        default: if (emit_done_i) state_q <= Idle;
      endcase
    end
  end
endmodule
