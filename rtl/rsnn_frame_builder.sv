// Frame builder: the event stream becomes counts in one of two input memories, while the scanner reads and empties the
// other.
// Contract: python/razorsnn/stream.py (words) and python/razorsnn/frames.py (binning).
//   equation   cell (y, x) of the grid = floor(coordinate * grid / sensor), as multiply and shift; count saturates
//   shapes     words of a tile of banks of Lanes counts: InputLanes channels of Lanes / InputLanes positions of a row
//              (ops/words.py). Tiles of 3 x 3 have factors of their own: rows of tiles = floor(coordinate * grid / 3 sensor)
//   latency    one word a cycle; begun_o the cycle after a window's first beat; waiting_o the fourth cycle after the beat
//              that ends it, or when the one before is released; its words may be read from the sixth cycle after
//              that beat on: then its counts are written
//   handshake  s_ready_o unless two windows are held; a window ends with s_last_i or with the mark of its last frame;
//              windows are read in the order in which they came, from waiting_o until release_i; reading
//              a word sets it to 0, so the memory is empty once the window was read. read_i to read_data_o: three cycles
//   Streaming  each frame is held and released as a window is else; begun_o while one is held or a window has begun; of
//              a window that s_last_i ends early the missing frames are held in turn, empty, and no word is taken meanwhile
module rsnn_frame_builder #(
  parameter int unsigned Frames = 4,
  parameter int unsigned Channels = 2,
  parameter int unsigned Height = 7,
  parameter int unsigned Width = 6,
  parameter int unsigned SensorHeight = 7,
  parameter int unsigned SensorWidth = 6,
  parameter int unsigned BinYMul = 1,
  parameter int unsigned BinYShift = 0,
  parameter int unsigned BinXMul = 1,
  parameter int unsigned BinXShift = 0,
  parameter int unsigned TileYMul = 1,
  parameter int unsigned TileYShift = 0,
  parameter int unsigned TileXMul = 1,
  parameter int unsigned TileXShift = 0,
  parameter int unsigned Lanes = 4,
  parameter int unsigned Taps = 1,
  parameter int unsigned InputLanes = 2,
  parameter int unsigned InputBits = 4,
  parameter bit Streaming = 1'b0,
  localparam int unsigned Groups = (Channels + InputLanes - 1) / InputLanes,
  localparam int unsigned Beside = Lanes / InputLanes,
  localparam int unsigned Slots = Lanes * Taps,
  localparam int unsigned Side = (Taps == 9) ? 3 : (Taps == 4) ? 2 : 1,
  localparam int unsigned Columns = (Width + Side * Beside - 1) / (Side * Beside),
  localparam int unsigned FrameWords = (Height + Side - 1) / Side * Columns * Groups,
  localparam int unsigned Depth = (Streaming ? 1 : Frames) * FrameWords,
  localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,
  input  logic                                 run_i,
  input  logic                                 release_i,
  input  logic                                 s_valid_i,
  output logic                                 s_ready_o,
  input  logic [31:0]                          s_data_i,
  input  logic                                 s_last_i,
  output logic                                 clearing_o,
  output logic                                 begun_o,
  output logic                                 waiting_o,
  output logic                                 busy_o,
  output logic                                 dropped_o,
  output logic                                 unended_o,
  input  logic                                 read_i,
  input  logic [AddrWidth-1:0]                 read_addr_i,
  output logic [Slots-1:0][InputBits-1:0]      read_data_o
);
  localparam int unsigned LaneWidth = (Slots > 1) ? $clog2(Slots) : 1;
  localparam int unsigned LaneShift = $clog2(InputLanes);
  localparam int unsigned BesideShift = $clog2(Beside);
  localparam int unsigned FrameWidth = $clog2(Frames + 1);
  localparam int unsigned BinBits = 32;
  localparam logic [FrameWidth-1:0] LastFrame = FrameWidth'(Frames - 1);

  logic clearing_q, cleared, open_q, partial_q, fill_q, drain_q, owed;
  logic [1:0] held, held_q;
  logic [2:0] whole_q;
  logic [FrameWidth-1:0] frame_q;
  logic [AddrWidth-1:0] frame_base_q, clear_addr_q;
  logic accept, mark, on_sensor, ends, closes, over;
  logic [11:0] x, y;
  logic [3:0] polarity;

  assign s_ready_o = run_i && open_q && !owed;
  assign accept = s_valid_i && s_ready_o;
  assign mark = s_data_i[31];
  assign polarity = s_data_i[27:24];
  assign y = s_data_i[23:12];
  assign x = s_data_i[11:0];
  assign on_sensor = x < 12'(SensorWidth) && y < 12'(SensorHeight) && 5'(polarity) < 5'(Channels);
  assign ends = s_last_i || (mark && frame_q == LastFrame);
  assign clearing_o = clearing_q;
  assign begun_o = partial_q || held_q != '0;
  assign waiting_o = whole_q[2] && held_q != '0;
  assign busy_o = accept || begun_o;

  // ---- Binning, then the address, then one count more.
  logic event1_q, event2_q, fill1_q, fill2_q;
  logic [11:0] bin_y1_q, bin_x1_q, tile_y1, tile_x1, across1;
  logic [3:0] polarity1_q, bank1;
  logic [AddrWidth-1:0] base1_q, addr2_q;
  logic [LaneWidth-1:0] lane2_q;
  logic [Slots-1:0] here3_q, here4_q, here5_q, here6_q;

  // By a constant of few bits: sums are faster than a multiplier.
  function automatic logic [AddrWidth-1:0] times(logic [AddrWidth-1:0] value, int unsigned factor);
    times = '0;
    for (int unsigned b = 0; b < 24; b++) if (factor[b]) times += value << b;
  endfunction

  assign across1 = bin_x1_q >> BesideShift;
  if (Side == 3) begin : gen_thirds
    logic [11:0] tile_y1_q, tile_x1_q;
    logic [1:0] down, right;
    always_ff @(posedge clk_i) begin
      tile_y1_q <= 12'((BinBits'(y) * BinBits'(TileYMul)) >> TileYShift);
      tile_x1_q <= 12'((BinBits'(x) * BinBits'(TileXMul)) >> TileXShift);
    end
    assign {tile_y1, tile_x1} = {tile_y1_q, tile_x1_q};
    assign down = 2'(bin_y1_q) - {tile_y1_q[0], 1'b0} - 2'(tile_y1_q);
    assign right = 2'(across1) - {tile_x1_q[0], 1'b0} - 2'(tile_x1_q);
    assign bank1 = {1'b0, down, 1'b0} + 4'(down) + 4'(right);
  end else begin : gen_halves
    assign {tile_y1, tile_x1} = {bin_y1_q >> (Side - 1), across1 >> (Side - 1)};
    assign bank1 = (Side == 1) ? '0 : {2'd0, bin_y1_q[0], across1[0]};
  end

  always_ff @(posedge clk_i) begin
    bin_y1_q <= 12'((BinBits'(y) * BinBits'(BinYMul)) >> BinYShift);
    bin_x1_q <= 12'((BinBits'(x) * BinBits'(BinXMul)) >> BinXShift);
    polarity1_q <= polarity;
    base1_q <= frame_base_q;
    addr2_q <= times(AddrWidth'(tile_y1), Columns * Groups) + times(AddrWidth'(tile_x1), Groups)
             + AddrWidth'(polarity1_q >> LaneShift) + base1_q;
    lane2_q <= LaneWidth'(12'(bank1) << $clog2(Lanes))
             | LaneWidth'(((bin_x1_q & 12'(Beside - 1)) << LaneShift) | 12'(polarity1_q & 4'(InputLanes - 1)));
    here3_q <= Slots'(1) << lane2_q;
    {here6_q, here5_q, here4_q} <= {here5_q, here4_q, here3_q};
    dropped_o <= accept && !mark && !on_sensor;
    {fill2_q, fill1_q} <= {fill1_q, fill_q};
    if (!rst_ni) {event2_q, event1_q} <= '0;
    else {event2_q, event1_q} <= {event1_q, accept && !mark && on_sensor};
  end

  // ---- The memories: events are counted, words that are read are emptied, and after a reset all of them are.
  logic [1:0][Slots-1:0][InputBits-1:0] stored;
  assign read_data_o = stored[drain_q];

  for (genvar memory = 0; memory < 2; memory++) begin : gen_memory
    logic count, count3_q, count4_q, count5_q, count6_q, read, used3_q;
    logic [AddrWidth-1:0] addr3_q;
    logic [Slots-1:0][InputBits-1:0] old, counted;
    assign count = event2_q && fill2_q == 1'(memory);
    assign read = read_i && drain_q == 1'(memory);

    // Every lane counts by itself: a multiplexer to one counter and back would be the block's longest path.
    always_comb begin
      for (int unsigned i = 0; i < Slots; i++) counted[i] = old[i] + InputBits'(here6_q[i] && old[i] != '1);
    end

    always_ff @(posedge clk_i) begin
      {count6_q, count5_q, count4_q, count3_q} <= rst_ni ? {count5_q, count4_q, count3_q, count} : '0;
      used3_q <= rst_ni && (count || read || clearing_q);
      addr3_q <= clearing_q ? clear_addr_q : count ? addr2_q : read_addr_i;
    end

    // No event goes to the memory that is read.
    rsnn_rmw #(.Width(Slots * InputBits), .Depth(Depth)) u_words (
      .clk_i, .rst_ni, .valid_i(used3_q), .addr_i(addr3_q), .read_o(stored[memory]), .old_o(old), .write_i(1'b1),
      .new_i(count6_q ? counted : '0)
    );
  end

  // ---- Windows: one is filled, and at most two are held. closes: what is filled ends; over: and its window.
  if (Streaming) begin : gen_frames
    logic owed_q;
    assign owed = owed_q;
    assign closes = (accept && (mark || s_last_i)) || (owed && open_q);
    assign over = closes && frame_q == LastFrame;
    always_ff @(posedge clk_i) owed_q <= rst_ni && ((owed_q && !over) || (accept && s_last_i && !over));
  end else begin : gen_windows
    assign owed = 1'b0;
    assign closes = accept && ends;
    assign over = closes;
  end
  assign cleared = !clearing_q || clear_addr_q == AddrWidth'(Depth - 1);
  assign held = held_q + 2'(closes) - 2'(release_i);
  always_ff @(posedge clk_i) begin
    open_q <= rst_ni && cleared && !held[1];
    unended_o <= accept && ends && !s_last_i;
    if (!rst_ni) begin
      clearing_q <= 1'b1;
      clear_addr_q <= '0;
      partial_q <= 1'b0;
      {fill_q, drain_q} <= '0;
      {held_q, whole_q} <= '0;
      frame_q <= '0;
      frame_base_q <= '0;
    end else begin
      clear_addr_q <= clear_addr_q + 1'b1;
      clearing_q <= !cleared;
      held_q <= held;
      whole_q <= (held_q != '0) ? {whole_q[1:0], 1'b1} : '0;
      fill_q <= fill_q ^ closes;
      drain_q <= drain_q ^ release_i;
      if (accept || closes) partial_q <= !over;
      if ((accept && mark) || closes) begin
        frame_q <= over ? '0 : frame_q + 1'b1;
        frame_base_q <= (over || Streaming) ? '0 : frame_base_q + AddrWidth'(FrameWords);
      end
    end
  end
  logic unused;
  assign unused = ^{s_data_i[30:28], bin_y1_q, across1, tile_y1, tile_x1};
endmodule
