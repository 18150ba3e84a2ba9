// Sequencer: runs the layers of a window from the layer table; a pruned frame is not scanned.
// Contract: python/razorsnn/layertable.py (fields), python/razorsnn/targets/reference.py (cycles).
//   order      layer by layer: gate, first membranes, then frame by frame scan and neuron pass; a frame that is kept is
//              scanned from the start of the pass before on, its events are worked on while take_o
//   latency    every state change takes one cycle; rsnn_pkg::DrainCycles after a scan, so that the pass follows the last
//              event through the engine; the last pass of a layer ends with its last output (pass_put_i)
//   handshake  start_i while idle; *_start_o are pulses, answered by *_done_i
module rsnn_sequencer #(
  parameter int unsigned Frames = 4,
  parameter int unsigned Layers = 2,
  parameter int unsigned Gates = 1,
  parameter int unsigned AddrWidth = 8,
  parameter int unsigned LoadBits = 512,
  parameter string TableFile = "",
  localparam int unsigned LayerWidth = (Layers > 1) ? $clog2(Layers) : 1,
  localparam int unsigned GateWidth = (Gates > 1) ? $clog2(Gates) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          start_i,
  output logic                          idle_o,
  output rsnn_pkg::layer_t              layer_o,
  output logic [LayerWidth-1:0]         index_o,
  output logic [AddrWidth-1:0]          read_base_o,
  output logic [AddrWidth-1:0]          write_base_o,
  output logic                          first_frame_o,
  output logic                          gating_o,
  output logic                          razor_start_o,
  input  logic                          razor_done_i,
  input  logic [Frames-1:0]             keep_i,
  output logic                          scan_start_o,
  output logic                          take_o,
  input  logic                          scan_done_i,
  output logic                          pass_o,
  output logic                          pass_init_o,
  input  logic                          pass_done_i,
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

  typedef enum logic [3:0] {
    Idle, Fetch, Decode, Razor, RazorWait, First, FirstWait, Frame, Scan, Drain, PassWait, PutWait, Emit, EmitWait
  } state_e;

  state_e state_q;
  rsnn_pkg::layer_t row;
  logic [LayerWidth-1:0] index_q;
  logic [GateWidth-1:0] gate_q;
  logic [FrameWidth-1:0] frame_q;
  logic [1:0] drain_q;
  logic [Gates-1:0][Frames-1:0] keep_q;
  logic last_frame, pruned, follows;

  rsnn_rom #(.Width($bits(rsnn_pkg::layer_t)), .Depth(Layers), .InitFile(TableFile), .LoadBits(LoadBits)) u_table (
    .clk_i, .re_i(state_q == Fetch), .addr_i(index_q), .data_o(row),
    .load_i(load_i[rsnn_pkg::TableMemory]), .load_addr_i, .load_data_i
  );
  assign layer_o = row;

  assign last_frame = frame_q == FrameWidth'(Frames - 1);
  assign pruned = row.gated && !keep_i[frame_q];
  // Whether the frame behind the pass is kept.
  assign follows = pass_init_o ? !row.gated || keep_i[0] : !last_frame && (!row.gated || keep_i[frame_q + 1'b1]);
  assign idle_o = state_q == Idle;
  assign index_o = index_q;
  assign first_frame_o = frame_q == '0;
  assign gating_o = state_q == RazorWait;
  assign razor_start_o = state_q == Razor;
  assign scan_start_o = pass_o && follows;
  assign kept_o = state_q == Frame && !pruned;
  assign take_o = kept_o || state_q == Scan;
  assign pruned_o = state_q == Frame && pruned;
  assign pass_init_o = state_q == First;
  assign pass_o = pass_init_o || pruned_o || (state_q == Drain && drain_q == '0);
  assign emit_o = state_q == Emit;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      keep_o <= '0;
    end else begin
      if (pass_o) read_base_o <= read_base_o + AddrWidth'(row.words_in);
      unique case (state_q)
        Idle: if (start_i) begin
          state_q <= Fetch;
          index_q <= '0;
          gate_q <= '0;
          keep_q <= '0;
        end
        Fetch: state_q <= Decode;
        Decode: begin
          state_q <= row.gated ? Razor : First;
          frame_q <= '0;
          read_base_o <= '0;
          write_base_o <= '0;
        end
        Razor: state_q <= RazorWait;
        RazorWait: if (razor_done_i) state_q <= First;
        First: state_q <= FirstWait;
        FirstWait: if (pass_done_i) state_q <= Frame;
        Frame: begin
          state_q <= pruned ? PassWait : Scan;
          if (frame_q == '0 && row.gated) begin
            keep_q[gate_q] <= keep_i;
            gate_q <= gate_q + 1'b1;
          end
        end
        Scan: if (scan_done_i) begin
          state_q <= Drain;
          drain_q <= 2'(rsnn_pkg::DrainCycles - 1);
        end
        Drain: begin
          drain_q <= drain_q - 1'b1;
          if (drain_q == '0) state_q <= PassWait;
        end
        PassWait: if (pass_done_i) begin
          state_q <= last_frame ? PutWait : Frame;
          if (!last_frame) frame_q <= frame_q + 1'b1;
          if (!last_frame) write_base_o <= write_base_o + AddrWidth'(row.words_out);
        end
        // The next layer reads what the last pass puts out.
        PutWait: if (pass_put_i) begin
          frame_q <= '0;
          index_q <= index_q + 1'b1;
          state_q <= row.last ? Emit : Fetch;
        end
        Emit: state_q <= EmitWait;
        default: if (emit_done_i) begin
          state_q <= Idle;
          keep_o <= keep_q;
        end
      endcase
    end
  end
endmodule
