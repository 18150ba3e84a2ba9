-- Plays the windows of in.txt, Frames + 1 rows each, into Spiker+'s network. A row of out.txt for each `sample`: the
-- cycles since the network took `start`, and the readout's membranes of the step before. The frame that is read at one
-- `sample` is the one which the step that begins there takes, as in Spiker+'s own bench.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;
use std.env.all;

entity tb is
  generic (Inputs, Outputs, Bits, Frames, Windows : integer);
end entity;

architecture bench of tb is
  signal clk, rst_n, start, ready, sample : std_logic := '0';
  signal in_spikes : std_logic_vector(Inputs - 1 downto 0) := (others => '0');
  signal out_spikes : std_logic_vector(Outputs - 1 downto 0);
  signal v : signed(Outputs * Bits - 1 downto 0);
begin
  clk <= not clk after 5 ns;

  dut : entity work.network
    port map (clk, rst_n, start, '1', ready, sample, in_spikes, out_spikes, v);

  process
    file given : text open read_mode is "in.txt";
    file found : text open write_mode is "out.txt";
    variable row : line;
    variable frame : bit_vector(Inputs - 1 downto 0);
    variable cycles, samples : integer;
  begin
    for cycle in 1 to 4 loop
      wait until rising_edge(clk);
    end loop;
    rst_n <= '1';
    for window in 1 to Windows loop
      wait until rising_edge(clk) and ready = '1';
      start <= '1';
      wait until rising_edge(clk);
      start <= '0';
      cycles := 0;
      samples := 0;
      while samples <= Frames loop
        wait until rising_edge(clk);
        cycles := cycles + 1;
        if sample = '1' then
          samples := samples + 1;
          write(row, cycles);
          for neuron in 0 to Outputs - 1 loop
            write(row, ' ');
            write(row, to_integer(v(Bits * (neuron + 1) - 1 downto Bits * neuron)));
          end loop;
          writeline(found, row);
          readline(given, row);
          read(row, frame);
          in_spikes <= to_stdlogicvector(frame);
        end if;
      end loop;
    end loop;
    stop;
  end process;
end architecture;
